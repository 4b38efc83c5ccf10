"""The desk of the privacy officers: what waits, until when, and under which article."""
