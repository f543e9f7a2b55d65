"""One file for each enricher. `example.py` is the template; docs/enrichment.md says what a new one declares."""
