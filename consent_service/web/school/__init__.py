"""The school contact's pages."""
