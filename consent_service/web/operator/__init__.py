"""Where an operator lets the command line act for a while. No content, and no session."""
