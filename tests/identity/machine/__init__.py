"""Sessions as a state machine over the real service: what may happen, and the naive model it is held to."""
