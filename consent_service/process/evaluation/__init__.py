"""Figures about the way of working: counted without content, shown so that nobody is in them."""
