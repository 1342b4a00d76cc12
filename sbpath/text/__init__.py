"""Results and mechanisms as text and tables."""
