"""Pages about how long things are kept."""
