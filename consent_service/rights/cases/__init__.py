"""Requests of people about their own data, with the law's clocks (AVG 12-22)."""
