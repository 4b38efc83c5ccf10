"""Pages on what is erased, restricted and put right, of the privacy coordinator and the FG."""
