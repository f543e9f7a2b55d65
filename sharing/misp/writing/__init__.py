"""Writing through the MISP-compatible API: events, attributes, objects, tags and sightings of MISP's clients."""
