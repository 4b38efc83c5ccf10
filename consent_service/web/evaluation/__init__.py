"""Figures of a period and the list of recalls, for the officers."""
