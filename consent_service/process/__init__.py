"""What people must do next: tasks that follow from the log, and the follower that makes them."""
