"""Readers: one file per input format. A new format is a new file here; see example.py."""

from ingestion.readers.base import Candidate, Reader, Reading, Row, RowReader, readers, row_readers

__all__ = ["Candidate", "Reader", "Reading", "Row", "RowReader", "readers", "row_readers"]
