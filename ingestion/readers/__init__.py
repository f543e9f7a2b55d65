"""Readers: one file per input format. A new format is a new file here; see example.py."""

from ingestion.readers.base import Candidate, Reader, Reading, readers

__all__ = ["Candidate", "Reader", "Reading", "readers"]
