"""Results as text: tables for a terminal, and what a mechanism holds."""
