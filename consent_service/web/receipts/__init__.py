"""Receipts over the web: files for whoever signed, and for the counsellor who prints them."""
