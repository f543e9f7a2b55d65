"""Everything that goes out: TAXII, feeds, search and the pages on which people read."""
