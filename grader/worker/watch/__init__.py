"""What a run does on the side or leaves behind: blocking calls, files, locks, threads."""
