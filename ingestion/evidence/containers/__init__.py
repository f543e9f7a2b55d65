"""Archives of collectors: decryption, unpacking under caps, and what lay where on the machine. Pure."""

from ingestion.evidence.containers.opening import open_archive

__all__ = ["open_archive"]
