"""The counsellor's pages."""
