"""The events by what they are about. `audit.events` joins them into the closed union; import from there."""
