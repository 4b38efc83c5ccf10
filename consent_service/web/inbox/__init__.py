"""Everybody's messages: reading them, and saying when and where one wants to be told."""
