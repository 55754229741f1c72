"""What a learner uses: the self-check, pytest, watch mode, progress, reset and dispute."""
