"""What shelter and school tell each other: validated, sealed per relationship, opened per Permit.

One door to write, `service.share`, for both directions. Reading leaves through `release` only.
"""
