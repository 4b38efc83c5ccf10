"""The start with a school: the counsellor's steps, and what the contact sees before and after the yes."""
