"""Many runs of one system over ranges or samples of its numbers, kept in a file as they finish."""
