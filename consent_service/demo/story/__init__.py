"""The scripted story: the whole promise walked through real HTTP, step by step, without a browser."""
