"""Analysis of a solution, and its export as numbers and files."""
