"""One act of sending: received, read, normalised, merged, answered item by item."""
