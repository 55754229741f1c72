"""The event loops of a run: virtual time, one task step a turn, in a chosen order."""
