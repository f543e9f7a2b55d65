"""Fox-IT acquire's encrypted output (.tar.enc, .zip.enc): RSA-OAEP(SHA-1) around the key of AES-256-GCM. Streaming.

File header of 60 bytes (magic, version u8, header type u8, header size u16, time u64, SHA-256 of the public key), the
encrypted header (magic, cipher u8, lengths of key and IV, one reserved byte, key, IV), the content, its tag and a
footer of 8 bytes (`FOOTER`, length of the tag u16); little-endian. Both headers are authenticated with the content.
"""

from __future__ import annotations

import struct
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import GCM

from ingestion.evidence.containers.base import Refused
from ingestion.evidence.containers.decoding import CHUNK, Envelope, Out, RsaKey, Secrets, Unsealed, digest_of

_FILE = struct.Struct("<16sBBHQ32s")
_INNER = struct.Struct("<12sBBBB")
_FOOTER = struct.Struct("<6sH")


class Acquire(Envelope):
    """Version 1, the only one."""

    name = "acquire"

    def recognises(self, head: bytes) -> bool:
        return head.startswith(b"ENCRYPTEDACQUIRE")

    def unseal(self, source: BinaryIO, out: Out, secrets: Secrets) -> Unsealed:
        head = source.read(_FILE.size)
        if len(head) != _FILE.size:
            raise Refused("truncated", self.name)
        _, version, kind, size, _, digest = _FILE.unpack(head)
        if (version, kind) != (1, 1):
            raise Refused("unsupported", f"{self.name} {version}.{kind}")
        sealed = source.read(size)
        if len(sealed) != size:
            raise Refused("truncated", self.name)
        key, inner = self._header(sealed, digest, secrets)
        secret, iv = self._secret(inner)
        start = source.tell()
        end = source.seek(0, 2)
        tag, length = self._footer(source, start, end)
        decryptor = Cipher(AES(secret), GCM(iv, tag)).decryptor()
        decryptor.authenticate_additional_data(head + sealed)
        source.seek(start)
        while length:
            data = source.read(min(length, CHUNK))
            if not data:
                raise Refused("truncated", self.name)
            length -= len(data)
            out.write(decryptor.update(data))
        try:
            decryptor.finalize()
        except InvalidTag:
            raise Refused("authentication-failed", self.name) from None
        return Unsealed("acquire RSA-OAEP, AES-256-GCM", key.id)

    @staticmethod
    def _header(sealed: bytes, digest: bytes, secrets: Secrets) -> tuple[RsaKey, bytes]:
        """The key and the decrypted header: that of the digest first, which is only a claim."""
        way = padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None)  # noqa: S303 (of the format)
        for key in sorted(secrets.rsa, key=lambda one: digest_of(one.private) != digest):
            try:
                return key, key.private.decrypt(sealed, way)
            except ValueError:
                continue
        raise Refused("no-matching-key", Acquire.name)

    @staticmethod
    def _secret(inner: bytes) -> tuple[bytes, bytes]:
        if len(inner) < _INNER.size:
            raise Refused("damaged", Acquire.name)
        magic, cipher, key_bytes, iv_bytes, _ = _INNER.unpack_from(inner)
        rest = inner[_INNER.size :]
        if magic != b"KUSJESVANSRT" or len(rest) < key_bytes + iv_bytes:
            raise Refused("damaged", Acquire.name)
        if (cipher, key_bytes) != (1, 32) or not 8 <= iv_bytes <= 128:
            raise Refused("unsupported", Acquire.name)
        return rest[:key_bytes], rest[key_bytes : key_bytes + iv_bytes]

    @staticmethod
    def _footer(source: BinaryIO, start: int, end: int) -> tuple[bytes, int]:
        """The tag, and how many bytes of content stand before it."""
        if end - start < _FOOTER.size + 16:
            raise Refused("truncated", Acquire.name)
        source.seek(end - _FOOTER.size)
        magic, size = _FOOTER.unpack(source.read(_FOOTER.size))
        if magic != b"FOOTER":
            raise Refused("truncated", Acquire.name)
        if size != 16 or end - start < _FOOTER.size + size:
            raise Refused("damaged", Acquire.name)
        source.seek(end - _FOOTER.size - size)
        return source.read(size), end - start - _FOOTER.size - size
