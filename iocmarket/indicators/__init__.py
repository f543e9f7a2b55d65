"""Indicators and what institutions say of them; who may see what."""
