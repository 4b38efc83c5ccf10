"""The meldcode and requests with a law of their own: the pages of the counsellor and of the own page."""
