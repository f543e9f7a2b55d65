"""The benchmark: `make bench`. What each row means and how to run it: docs/performance.md."""
