"""Vetting: applications, vouches, the decision, and the charter that everybody accepts."""
