"""A measured curve and a mechanism: laid over each other, and fitted."""
