"""Integration in time: the Rosenbrock step, its control, cut-offs, and the recorded rows."""
