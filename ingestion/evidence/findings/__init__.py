"""Ways in which programs come back on their own, one file for each family. Pure."""
