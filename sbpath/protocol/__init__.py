"""What a cycler is asked to do: numbers with units, steps, cycles of steps."""
