"""What machines read: views, their entries, and the one publisher that writes them in commit order."""
