"""Questions that are put to a system: each module holds one, with its protocol, analysis, table and text."""
