"""Showing that the law is kept: the register, the DPIA, the processor annex and the yearly report."""
