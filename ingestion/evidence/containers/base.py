"""What opening an archive takes and gives: keys and caps in, files with their places on the machine out. Pure.

Everything in an archive is attacker-controlled: names, sizes and dates are claims. What stands in an `Item` was
measured while it was written, and the name of its file on disk is one that we chose.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Caps:
    """How much of an archive is unpacked; beyond any of them it is refused, whatever its headers claim."""

    entries: int = 50_000
    """Members, those of archives inside it included."""
    bytes: int = 20 * 2**30
    """Unpacked bytes of all members together."""
    entry_bytes: int = 4 * 2**30
    """Unpacked bytes of one member."""
    ratio: int = 1000
    """Unpacked bytes for each packed byte; looked at beyond the first 16 MiB, which may be all zeros."""
    depth: int = 2
    """Archives within archives that are opened: 1 is the archive itself. Envelopes (age, CMS, …) do not count, nor does
    what a collector packed in two layers (Velociraptor's data.zip, DFIR-ORC's 7z in 7z)."""


@dataclass(frozen=True, slots=True)
class Keys:
    """The private keys of the platform, tried in turn; empty means none."""

    age: tuple[str, ...] = ()
    """age identities, `AGE-SECRET-KEY-1…`."""
    private_pem: tuple[bytes, ...] = ()
    """RSA private keys in PEM, without passphrase."""

    def __repr__(self) -> str:
        """Never the keys: a traceback or a log line may show it."""
        return f"Keys(age={len(self.age)}, private_pem={len(self.private_pem)})"


class Refused(Exception):  # noqa: N818 (a refusal of the house, not an error of the program)
    """The archive as a whole cannot be taken. The sentence of each code is in ingestion/evidence/reasons.py."""

    def __init__(self, code: str, where: str = "") -> None:
        super().__init__(code, where)
        self.code = code
        """"wrong-password", "no-matching-key", "truncated", "ratio", …"""
        self.where = where
        """The member or layer at which it failed, as shown to people; may be empty."""

    def __str__(self) -> str:
        return f"{self.code}: {self.where}" if self.where else self.code


@dataclass(frozen=True, slots=True)
class Item:
    """One file of the machine, unpacked."""

    file: Path
    """Where it lies now, inside the work folder."""
    path: str
    """Its path on the machine: forward slashes, relative to the volume ("$Extend/$UsnJrnl:$J")."""
    member: str
    """Its name in the archive as shown to people."""
    size: int
    """Bytes."""
    sha256: str
    """Lower-case hexadecimal."""
    volume: str = ""
    """"C", or empty where there is none."""
    collected: Mapping[str, str] = field(default_factory=dict)
    """What the collector says of it: original dates, MD5, …"""


@dataclass(frozen=True, slots=True)
class Rejected:
    """One member that was left out, and why."""

    member: str
    code: str
    detail: str = ""


@dataclass(slots=True)
class Opened:
    """An archive, unpacked."""

    layout: str
    """"velociraptor", "kape", "dfir-orc", "uac", "acquire", "scout", "cylr" or "plain"."""
    scheme: str
    """How it was encrypted and packed, for people ("age of zip")."""
    host: str = ""
    os: str = ""
    collected_at: datetime | None = None
    key_id: str = ""
    """Which key opened it; empty when none was needed."""
    items: list[Item] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
