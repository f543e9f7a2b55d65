"""What every house stands on: markings, registries, ids, the clock, refusals. No models, no requests."""
