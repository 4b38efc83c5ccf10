"""Who may call what: every address and every role, with the exact status; a table per audience."""
