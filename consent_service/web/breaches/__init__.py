"""The register of data breaches on the officers' desk (AVG 33, 34)."""
