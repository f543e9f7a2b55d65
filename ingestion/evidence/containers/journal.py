"""The journal in which DFIR-ORC writes what it encrypts: a list of writes and seeks that gives the 7z when replayed.

`JRNL`, version 2 (u32), then operations of 16 bytes: `WRIT` (u32, length u64) and the data, `SEEK` (whence u32, offset
i64), `CLOS`. All little-endian.
"""

from __future__ import annotations

import struct
from typing import BinaryIO

from ingestion.evidence.containers.base import Refused
from ingestion.evidence.containers.decoding import CHUNK, Envelope, Out, Secrets, Unsealed

_OPERATION = struct.Struct("<4sIQ")


class Journal(Envelope):
    """Replayed into a file; how far it may seek is bounded by the caps of `out`."""

    name = "journal"

    def recognises(self, head: bytes) -> bool:
        return head.startswith(b"JRNL\x02\0\0\0")

    def unseal(self, source: BinaryIO, out: Out, secrets: Secrets) -> Unsealed:  # noqa: ARG002 (nothing is secret)
        source.seek(8)
        while len(head := source.read(_OPERATION.size)) == _OPERATION.size:
            operation, word, number = _OPERATION.unpack(head)
            if operation == b"WRIT":
                self._write(source, out, number)
            elif operation == b"SEEK":
                self._seek(out, word, number)
            elif operation == b"CLOS":
                return Unsealed(self.name)
            else:
                raise Refused("damaged", self.name)
        raise Refused("truncated", self.name)

    @staticmethod
    def _write(source: BinaryIO, out: Out, length: int) -> None:
        while length:
            data = source.read(min(length, CHUNK))
            if not data:
                raise Refused("truncated", Journal.name)
            out.write(data)
            length -= len(data)

    @staticmethod
    def _seek(out: Out, whence: int, number: int) -> None:
        offset = number - 2**64 if number >= 2**63 else number
        if whence not in {0, 1, 2}:
            raise Refused("damaged", Journal.name)
        try:
            out.seek(offset, whence)
        except (OSError, ValueError, OverflowError):
            raise Refused("damaged", Journal.name) from None
