"""Care signals: the counsellor sends and follows, the school reads, the privacy coordinator sets the way."""
