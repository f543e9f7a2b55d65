"""The compact file: one line of JSON that says what it is, then one xz stream with the columns.

Layout of the decompressed stream (all integers little-endian):
    u32 n            length of the records in bytes
    n bytes          UTF-8 JSON: [[country, asn, as_name], …]; record 0 is ["", 0, ""]
    u32 × count4     differences between successive IPv4 starts (the first from 0)
    u32 × count4     record numbers
    u64 × count6     differences between successive IPv6 starts (upper 64 bits)
    u32 × count6     record numbers
Differences repeat where the starts themselves never do, which is what makes the stream small.
"""

from __future__ import annotations

import json
import lzma
import sys
from array import array
from dataclasses import asdict, dataclass
from hashlib import sha256
from itertools import accumulate
from pathlib import Path

from ingestion.enrichment.ipdata.ranges import Column, IpFacts, RangeTable

FORMAT = "iocmarket-ipdata"
VERSION = 1
# The largest stream that is unpacked (bytes): a table of all announced prefixes with names takes about 12 MiB.
MAX_STREAM = 64 * 1024 * 1024


class IpDataError(Exception):
    """A file that is not a compact address file, or a damaged one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Where the data come from: shown to operators and kept with every result."""

    name: str
    date: str
    licence: str
    source: str


def write(path: Path, table: RangeTable, provenance: Provenance) -> int:
    """Write the file; the same table and provenance give the same bytes. Returns its size in bytes."""
    records = json.dumps(
        [[r.country, r.asn, r.as_name] for r in table.records], ensure_ascii=False, separators=(",", ":")
    ).encode()
    parts = [len(records).to_bytes(4, "little"), records]
    for column in (table.v4, table.v6):
        parts += [_to_bytes(_differences(column.starts)), _to_bytes(column.numbers)]
    stream = b"".join(parts)
    header = {
        "format": FORMAT,
        "version": VERSION,
        **asdict(provenance),
        "count4": len(table.v4.starts),
        "count6": len(table.v6.starts),
        "sha256": sha256(stream).hexdigest(),
    }
    body = json.dumps(header).encode() + b"\n" + lzma.compress(stream, preset=6)
    path.write_bytes(body)
    return len(body)


def read(path: Path) -> tuple[RangeTable, Provenance]:
    """Read the file whole. Raises IpDataError for a foreign or damaged one, OSError when it cannot be opened."""
    line, _, body = path.read_bytes().partition(b"\n")
    try:
        header = json.loads(line)
        if header["format"] != FORMAT or header["version"] != VERSION:
            raise IpDataError(f"{path.name}: not version {VERSION} of {FORMAT}")
        unpacker = lzma.LZMADecompressor()
        stream = unpacker.decompress(body, MAX_STREAM)
        if not unpacker.eof:
            raise IpDataError(f"{path.name}: cut short, or larger than {MAX_STREAM} bytes")
        if sha256(stream).hexdigest() != header["sha256"]:
            raise IpDataError(f"{path.name}: the checksum does not match")
        return _unpack(stream, header["count4"], header["count6"]), _provenance(header)
    except (ValueError, KeyError, TypeError, EOFError, lzma.LZMAError) as error:
        raise IpDataError(f"{path.name}: {error}") from error


def _provenance(header: dict[str, str]) -> Provenance:
    return Provenance(name=header["name"], date=header["date"], licence=header["licence"], source=header["source"])


def _unpack(stream: bytes, count4: int, count6: int) -> RangeTable:
    end = 4 + int.from_bytes(stream[:4], "little")
    records = [IpFacts(country, asn, name) for country, asn, name in json.loads(stream[4:end])]
    columns = []
    for code, width, count in (("I", 4, count4), ("Q", 8, count6)):
        differences = _from_bytes(code, stream[end : end + width * count])
        end += width * count
        numbers = _from_bytes("I", stream[end : end + 4 * count])
        end += 4 * count
        columns.append(Column(array(code, accumulate(differences)), numbers))
    return RangeTable(records, *columns)


def _differences(starts: array[int]) -> array[int]:
    before = 0
    out = array(starts.typecode)
    for start in starts:
        out.append(start - before)
        before = start
    return out


def _to_bytes(values: array[int]) -> bytes:
    if sys.byteorder == "big":
        values = array(values.typecode, values)
        values.byteswap()
    return values.tobytes()


def _from_bytes(code: str, data: bytes) -> array[int]:
    values = array(code)
    values.frombytes(data)
    if sys.byteorder == "big":
        values.byteswap()
    return values
