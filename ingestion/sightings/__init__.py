"""Reports of machines and people on values that they read of: seen, false positive, gone."""
