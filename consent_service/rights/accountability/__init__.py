"""Showing that the law is kept (AVG 5(2), 24): register, DPIA, processor annex, yearly report."""
