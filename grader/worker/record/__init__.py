"""What happened in a run, as spans and notes."""
