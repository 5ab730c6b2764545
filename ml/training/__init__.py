"""Training: one loop for every network, resumable to the step, on any processes."""
