"""The ways to solve a task of `task.py`, each with the imports that it needs."""
