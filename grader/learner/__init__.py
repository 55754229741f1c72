"""What a learner uses: self-check, pytest, watch mode, explanations, questions asked again, progress, reset, dispute, JupyterLab."""
