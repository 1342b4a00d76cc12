"""Studies of a system: each module holds one question, with its protocol, analysis, table and text."""
