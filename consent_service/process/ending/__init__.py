"""The end of guidance at a school: planned, waiting for another holder, aftercare, carried out."""
