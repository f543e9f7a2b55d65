"""The community: institutions, their members, and the tokens of their machines."""
