"""Everything that comes in: submissions, readers of formats, enrichment."""
