"""Settings: base, and what development, tests and production change. The environment is read once, in env.py."""
