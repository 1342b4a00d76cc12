"""Questions: each module holds the protocol, analysis, columns and text of one."""
