"""Data breaches: the register with its clock, who could have seen what, the risk, the report, the letters."""
