"""Many runs of one system over ranges or samples of its numbers, saved to a file as they finish."""
