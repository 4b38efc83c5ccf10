"""The parent's pages on the shelter's tablet."""
