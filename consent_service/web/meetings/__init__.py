"""Driegesprekken: the pages of the counsellor, of a contact of the school, and of a guardian."""
