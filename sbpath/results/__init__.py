"""What is read off a solution, and the forms in which it leaves: numbers, text, files."""
