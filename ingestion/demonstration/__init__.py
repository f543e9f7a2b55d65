"""The demonstration community: a first start has something to show."""
