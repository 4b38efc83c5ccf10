"""What goes before consent: break-glass to the school, the meldcode, requests with a law of their own."""
