"""CMS EnvelopedData (RFC 5652) as DFIR-ORC and `openssl cms -encrypt` write it: several recipients, CBC, streaming.

The header is read element by element because DFIR-ORC writes indefinite lengths; the content passes through in chunks,
whatever its size. Keys: RSAES-OAEP (RFC 3560) and RSAES-PKCS1-v1_5. Ciphers: AES in CBC and triple DES.

Nothing in EnvelopedData says that a key was right, and a wrong one gives noise with PKCS#1 v1.5 (OpenSSL hides whether
the padding fitted). So each key that gives a content key of the right length is tried on the first block, and the one
under which a file begins that we know is taken.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import BinaryIO

from asn1crypto import algos, cms, core
from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.ciphers import BlockCipherAlgorithm, Cipher, CipherContext
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from ingestion.evidence.containers.base import Refused
from ingestion.evidence.containers.ber import Reader
from ingestion.evidence.containers.decoding import Envelope, Out, RsaKey, Secrets, Unsealed

_ENVELOPED = bytes.fromhex("06092a864886f70d010703")
_HASHES: dict[str, Callable[[], hashes.HashAlgorithm]] = {
    "sha1": hashes.SHA1,
    "sha224": hashes.SHA224,
    "sha256": hashes.SHA256,
    "sha384": hashes.SHA384,
    "sha512": hashes.SHA512,
}
_RECIPIENTS = 1000
_SEQUENCE, _SET, _OID, _INTEGER = 0x30, 0x31, 0x06, 0x02


@dataclass(frozen=True, slots=True)
class _Content:
    """How the content is encrypted."""

    scheme: str
    cipher: Callable[[bytes], BlockCipherAlgorithm]
    key_bytes: int
    iv: bytes


class Cms(Envelope):
    """EnvelopedData in BER or DER."""

    name = "cms"

    def __init__(self, known: Callable[[bytes], bool]) -> None:
        """`known`: whether a file that begins so is one we open, asked of what a key gives."""
        self._known = known

    def recognises(self, head: bytes) -> bool:
        return head[:1] == b"\x30" and _ENVELOPED in head[:24]

    def unseal(self, source: BinaryIO, out: Out, secrets: Secrets) -> Unsealed:
        reader = Reader(source, self.name)
        reader.expect(_SEQUENCE)
        reader.element(reader.expect(_OID))
        reader.expect(0xA0)
        reader.expect(_SEQUENCE)
        reader.element(reader.expect(_INTEGER))
        tag = reader.expect(0xA0, _SET)
        if tag.octet == 0xA0:  # originatorInfo, of key agreement
            reader.element(tag)
            tag = reader.expect(_SET)
        recipients = _recipients(reader.element(tag))
        reader.expect(_SEQUENCE)
        reader.element(reader.expect(_OID))
        content = _content(reader.element(reader.expect(_SEQUENCE)))
        pieces = reader.string(reader.expect(0x80, 0xA0))
        return self._decrypt(content, recipients, pieces, out, secrets)

    def _decrypt(
        self,
        content: _Content,
        recipients: list[cms.KeyTransRecipientInfo],
        pieces: Iterator[bytes],
        out: Out,
        secrets: Secrets,
    ) -> Unsealed:
        candidates = list(_candidates(recipients, secrets.rsa, content.key_bytes))
        if not candidates:
            raise Refused("not-a-recipient")
        first = b""
        for piece in pieces:
            first += piece
            if len(first) >= 32:
                break
        key, secret, way = self._right(candidates, content, first)
        known = self._known(_start(content, secret, first))
        try:
            _stream(content, secret, chain([first], pieces), out)
        except ValueError:
            raise Refused("damaged" if known else "not-a-recipient", self.name) from None
        return Unsealed(f"CMS {content.scheme}, {way}, {len(recipients)} recipients", key.id)

    def _right(
        self, candidates: list[tuple[RsaKey, bytes, str]], content: _Content, first: bytes
    ) -> tuple[RsaKey, bytes, str]:
        for candidate in candidates:
            if self._known(_start(content, candidate[1], first)):
                return candidate
        return candidates[0]


def _recipients(element: bytes) -> list[cms.KeyTransRecipientInfo]:
    try:
        infos = cms.RecipientInfos.load(element)
        if len(infos) > _RECIPIENTS:
            raise Refused("damaged", "recipients")
        return [info.chosen for info in infos if info.name == "ktri"]
    except (ValueError, TypeError, KeyError):
        raise Refused("damaged", "recipients") from None


def _content(element: bytes) -> _Content:
    try:
        said = algos.EncryptionAlgorithm.load(element)
        kind, iv = said["algorithm"].native, said["parameters"].native
    except (ValueError, TypeError, KeyError):
        raise Refused("damaged", "content") from None
    known: dict[str, tuple[str, Callable[[bytes], BlockCipherAlgorithm], int]] = {
        "aes128_cbc": ("AES-128-CBC", AES, 16),
        "aes192_cbc": ("AES-192-CBC", AES, 24),
        "aes256_cbc": ("AES-256-CBC", AES, 32),
        "tripledes_3key": ("3DES-CBC", TripleDES, 24),
    }
    if kind not in known:
        raise Refused("unsupported", str(kind))
    scheme, cipher, size = known[kind]
    if not isinstance(iv, bytes) or len(iv) != (8 if cipher is TripleDES else 16):
        raise Refused("damaged", "content")
    return _Content(scheme, cipher, size, iv)


def _candidates(
    recipients: list[cms.KeyTransRecipientInfo], keys: tuple[RsaKey, ...], key_bytes: int
) -> Iterator[tuple[RsaKey, bytes, str]]:
    """Whatever our keys make of the recipients' encrypted keys, if it has the length of a content key."""
    for key in keys:
        for recipient in recipients:
            try:
                sealed = recipient["encrypted_key"].native
                way, scheme = _padding(recipient["key_encryption_algorithm"])
                if len(sealed) != key.private.key_size // 8:
                    continue
                secret = key.private.decrypt(sealed, scheme)
            except (ValueError, TypeError, KeyError):
                continue
            if len(secret) == key_bytes:
                yield key, secret, way


def _padding(said: algos.AlgorithmIdentifier) -> tuple[str, padding.AsymmetricPadding]:
    """How the content key was encrypted. Raises KeyError for what is not known."""
    kind = said["algorithm"].native
    if kind in {"rsa", "rsaes_pkcs1v15"}:
        return "RSA-PKCS1-v1_5", padding.PKCS1v15()
    if kind != "rsaes_oaep":
        raise KeyError(kind)
    asked = said["parameters"]
    if not isinstance(asked, algos.RSAESOAEPParams):
        asked = algos.RSAESOAEPParams.load(b"\x30\0")
    digest = _HASHES[asked["hash_algorithm"]["algorithm"].native]()
    mask = _HASHES[asked["mask_gen_algorithm"]["parameters"]["algorithm"].native]()
    label = asked["p_source_algorithm"]["parameters"]
    words = bytes(label.native) if isinstance(label, core.OctetString) else b""
    return "RSAES-OAEP", padding.OAEP(padding.MGF1(mask), digest, words or None)


def _start(content: _Content, secret: bytes, first: bytes) -> bytes:
    """The first bytes of the content under that key; no file that we know begins so when the key is wrong."""
    size = len(content.iv)
    whole = first[: len(first) // size * size][:32]
    return _decryptor(content, secret).update(whole)


def _decryptor(content: _Content, secret: bytes) -> CipherContext:
    return Cipher(content.cipher(secret), CBC(content.iv)).decryptor()


def _stream(content: _Content, secret: bytes, pieces: Iterator[bytes], out: Out) -> None:
    """Decrypt to the end and take the padding off (RFC 5652, 6.3). Raises ValueError where it is none."""
    size = len(content.iv)
    decryptor = _decryptor(content, secret)
    held = b""
    for piece in pieces:
        clear = held + decryptor.update(piece)
        held = clear[-size:]
        out.write(clear[:-size])
    decryptor.finalize()
    count = held[-1] if held else 0
    if not 1 <= count <= size or len(held) != size or held[-count:] != bytes([count]) * count:
        raise ValueError("bad padding")
    out.write(held[:-count])
