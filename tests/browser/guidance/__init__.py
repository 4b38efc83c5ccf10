"""One guidance from intake to move-out, played by clicking, with a mail server that receives."""
