"""How long everything is kept: the register, the run that lets things go, and what is held for the law."""
