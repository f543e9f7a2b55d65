"""What a registry tells, one file for each subject: found by the registry in base.py. Pure."""
