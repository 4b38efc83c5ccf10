"""What happened, what is still to be done, and how the work is done: pages for everybody who takes part."""
