"""The shared foundation of all rooms: checks, base classes, columns."""
