"""Other programs to be held against: each script runs in an environment of its own, with the peer's packages."""
