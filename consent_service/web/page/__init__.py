"""The own page of a parent or young person, and getting to it."""
