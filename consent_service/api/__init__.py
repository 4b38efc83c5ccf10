"""The machine-readable side: problems as RFC 9457, version 1 of the interface under /v1."""
