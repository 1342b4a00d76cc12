"""Cycler protocols: quantities with units, steps, and cycles of steps."""
