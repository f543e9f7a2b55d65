"""What the events of Windows' logs mean, one file for each provider: found by the registry in base.py. Pure."""
