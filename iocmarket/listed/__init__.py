"""Warning lists that are too long for a file of their own each: one compiled index, and what administrators add."""
