"""What people and their scripts look up."""
