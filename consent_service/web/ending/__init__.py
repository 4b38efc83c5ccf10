"""The counsellor walks through the end of the work with a school, and asks back what must not stay there."""
