"""What members of staff keep for themselves: where they are logged in, their PIN and their passkeys."""
