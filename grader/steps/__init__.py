"""A run, step by step, as one HTML page: of a check's run and of an explored test's alike."""
