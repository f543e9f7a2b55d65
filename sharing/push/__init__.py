"""What changes, sent to where an institution wants it: web hooks, Elasticsearch and OpenSearch (docs/adr/0060)."""
