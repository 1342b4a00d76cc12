"""Mechanism files: reading, validation, frozen records, chemistry and the phase graph."""
