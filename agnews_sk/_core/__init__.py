"""What all rooms stand on: checks, base classes, columns, and other ground."""
