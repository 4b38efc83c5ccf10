"""The child's own pages on the tablet, and where its counsellor sets them up."""
