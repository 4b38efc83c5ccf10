"""The parent's own pages: withdrawing and seeing who looked."""
