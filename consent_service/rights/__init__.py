"""The rights of the people it is about: who looked, when and why (AVG 15(1)(c))."""
