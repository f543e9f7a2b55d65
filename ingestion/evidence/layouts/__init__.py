"""Where on the machine the members of an archive lay: one file for each collector. Pure; nothing is decoded here."""
