"""Evidence: what a collector took from a machine, opened, read and matched."""
