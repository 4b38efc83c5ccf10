"""Requests about one's own data: at the officer's desk, on the own page, through the counsellor."""
