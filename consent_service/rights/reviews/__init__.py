"""Reviewing the log: ready questions, kept questions and a random sample every week."""
