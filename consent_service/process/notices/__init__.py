"""Messages that say that something waits: an outbox that sends each once or not at all, and an inbox."""
