"""What is new, for people who read it in a feed reader: Atom and RSS."""
