"""What a decoder is: an envelope holds one stream, an archive holds members. One file each in this folder.

Routing is by content: each says whether the first bytes of a file are its own. Decoders know nothing of collectors;
what the members mean is found out afterwards (ingestion/evidence/layouts).
"""

from __future__ import annotations

import errno
import hashlib
import zlib
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, ClassVar, Protocol

import pyrage
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from ingestion.evidence.containers.base import Keys

HEAD = 4096
"""Bytes by which a file is recognised."""
CHUNK = 1 << 18
"""Bytes handed on at once."""


_OF_THE_DISK = {
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EFBIG,
    errno.EIO,
    errno.EROFS,
    errno.EACCES,
    errno.EMFILE,
    errno.ENFILE,
}


def raise_if_ours(error: BaseException) -> None:
    """Raise what is no fault of the archive: a full disk as it is, a shortage of memory as MemoryError.

    Other errors of the system come of offsets and sizes that an archive claims. zlib names a shortage by its code alone
    (Z_MEM_ERROR, zlib.h); no stream makes it ask for more than its window of 32 KiB.
    """
    if isinstance(error, OSError) and error.errno in _OF_THE_DISK:
        raise error
    short = isinstance(error, OSError) and error.errno == errno.ENOMEM
    if short or (isinstance(error, zlib.error) and str(error).startswith("Error -4 ")):
        raise MemoryError from error


class Out(Protocol):
    """Where an envelope writes its payload. It raises `Refused` beyond the caps."""

    def write(self, data: bytes, /) -> int: ...

    def seek(self, offset: int, whence: int = 0, /) -> int: ...


@dataclass(frozen=True, slots=True)
class RsaKey:
    """One RSA private key of the platform and the name under which its use is recorded."""

    private: RSAPrivateKey
    id: str
    """"sha256:" and the digest of its public key in DER (SubjectPublicKeyInfo)."""


@dataclass(frozen=True, slots=True)
class Secrets:
    """Whatever may open something: loaded once, tried in turn."""

    age: tuple[pyrage.x25519.Identity, ...] = ()
    rsa: tuple[RsaKey, ...] = ()
    password: str = field(default="", repr=False)

    @classmethod
    def load(cls, keys: Keys, password: str) -> Secrets:
        """Raises ValueError when a key of the platform is none: that is the operator's fault, not the sender's."""
        try:
            identities = tuple(pyrage.x25519.Identity.from_str(text.strip()) for text in keys.age)
        except pyrage.IdentityError:
            raise ValueError("an age identity of the platform cannot be read") from None
        return cls(identities, tuple(_rsa(pem) for pem in keys.private_pem), password)


def _rsa(pem: bytes) -> RsaKey:
    try:
        private = load_pem_private_key(pem, None, unsafe_skip_rsa_key_validation=True)  # ours: we made it
    except (ValueError, TypeError):
        private = None
    if not isinstance(private, RSAPrivateKey):
        raise ValueError("a private key of the platform is no RSA key in PEM without passphrase")  # noqa: TRY004
    return RsaKey(private, f"sha256:{digest_of(private).hex()}")


def digest_of(private: RSAPrivateKey) -> bytes:
    """SHA-256 of the public key in DER (SubjectPublicKeyInfo)."""
    der = private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(der).digest()


@dataclass(frozen=True, slots=True)
class Unsealed:
    """How an envelope was opened."""

    scheme: str
    """For people: "CMS AES-128-CBC, RSAES-OAEP"."""
    key_id: str = ""


class Envelope(ABC):
    """One stream in clothes: encryption, compression or a journal."""

    name: ClassVar[str]

    @abstractmethod
    def recognises(self, head: bytes) -> bool:
        """Whether a file that begins so is one."""

    @abstractmethod
    def unseal(self, source: BinaryIO, out: Out, secrets: Secrets) -> Unsealed:
        """Write its payload to `out`, streaming. Raises `Refused`; what was written by then counts for nothing."""


@dataclass(slots=True)
class Entry:
    """One member as its archive tells of it: everything but `chunks` is a claim."""

    name: str
    chunks: Iterator[bytes]
    """Its content, to be read before the next entry is asked for; raises `Broken`."""
    kind: str = "file"
    """"file", "directory", "link", "device" or "special"."""
    packed: int = 0
    """Bytes that it takes in the archive; 0 where several share them."""
    facts: Mapping[str, str] = field(default_factory=dict)


class Broken(Exception):  # noqa: N818 (a finding, like Refused)
    """One member cannot be read; the next ones may. Its code is one of those of `Refused`."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(code, detail)
        self.code = code
        self.detail = detail


class Archive(ABC):
    """Members by name."""

    name: ClassVar[str]
    windows: ClassVar[bool] = True
    """Whether a backslash in a name parts folders."""

    @abstractmethod
    def recognises(self, head: bytes) -> bool:
        """Whether a file that begins so is one."""

    @abstractmethod
    def members(self, source: Path, secrets: Secrets, entries: int) -> Iterator[Entry]:
        """Its members in order, at most `entries` of them. Raises `Refused` where nothing more can be read.

        `Refused("too-many-entries")` comes before a list of them is held in memory.
        """

    def scheme(self, source: Path) -> str:  # noqa: ARG002 (some look)
        """How it is packed, for people."""
        return self.name

    def key_id(self) -> str:
        """The platform's key that gave its password, where one did."""
        return ""
