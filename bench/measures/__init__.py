"""One file per measure; each registers itself in `bench.base.measures`."""
