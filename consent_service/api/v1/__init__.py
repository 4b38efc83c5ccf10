"""Version 1: is the service alive, and the signed head of each log for whoever wants to pin it."""
