"""Attacks by class: which tests hold each of them off, and what breaks when a defence is taken away."""
