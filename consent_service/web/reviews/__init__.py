"""The officers' pages for questions to the log and samples of it."""
