"""What the service's promises cost; run by hand (`make bench-keys`), never as a test."""
