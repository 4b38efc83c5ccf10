"""Ruggensteun: consent and data sharing between shelter, school and parents."""

__version__ = "0.1.0"
