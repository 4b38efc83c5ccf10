"""Pages that every audience can meet: login, problems, an expired session."""
