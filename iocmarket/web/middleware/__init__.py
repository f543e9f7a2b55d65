"""Cross-cutting concerns of the pages, one small file each."""
