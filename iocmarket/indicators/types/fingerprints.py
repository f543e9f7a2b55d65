"""Fingerprints that are no digests of whole files: of programs' imports, of TLS and SSH handshakes, of certificates.

Many are as long as an MD5 and mean something else, so nothing in running text is one unless its sender says so.
"""

from __future__ import annotations

import re
from typing import ClassVar

from iocmarket.indicators.types.base import LABEL_SIGNS, LABELLED, Canonical, Sign, exact, ioc_types
from iocmarket.indicators.types.texts import Exact, announced, unlabelled
from iocmarket.kernel.decision import Refusal

_PAIRS = re.compile(r"(?:[0-9A-Fa-f]{2}[:\- ])+[0-9A-Fa-f]{2}")
_SEPARATORS = re.compile(r"[:\- ]")


class Fingerprint(Exact):
    """Hexadecimal digits of a fixed number, in lower case."""

    precedence: ClassVar[int] = 5
    opens: ClassVar[str] = LABELLED
    signs: ClassVar[tuple[Sign, ...]] = LABEL_SIGNS
    digits: ClassVar[int]

    def normalise(self, raw: str, *, explicit: bool = False) -> Canonical:
        """Raises Refusal: `not_hexadecimal`, `hash_length`, `null_hash`, `not_stated`."""
        text = exact(raw)
        value = text if _PAIRS.fullmatch(text) else unlabelled(text)
        if not explicit and value == text:
            raise Refusal("not_stated", f"Say that this is a fingerprint: name the type “{self.name}”.")
        return Canonical(self.settled(value))

    def settled(self, value: str) -> str:
        """See `normalise`."""
        value = _SEPARATORS.sub("", value) if _PAIRS.fullmatch(value) else value
        value = value.lower()
        if not value.isascii() or not value.isalnum() or value.strip("0123456789abcdef"):
            raise Refusal("not_hexadecimal", f"{self.label} is written with the digits 0-9 and a-f.")
        if len(value) != self.digits:
            raise Refusal("hash_length", f"{self.label} has {self.digits} hexadecimal digits; this has {len(value)}.")
        if not value.strip("0"):
            raise Refusal("null_hash", "All digits are zero: nothing has this fingerprint.")
        return value


_MD5, _SHA256 = "[0-9a-f]{32}", "[0-9a-f]{64}"
_SAMPLE = "0ab1c2d3e4f5061728394a5b6c7d8e9f"


class Imphash(Fingerprint):
    """MD5 of the imports of a Windows program, in their order."""

    name: ClassVar[str] = "imphash"
    misp_type: ClassVar[str] = "imphash"
    aliases = frozenset({"import-hash"})
    label = "imphash"
    digits = 32
    path = "file:extensions.'windows-pebinary-ext'.imphash"
    finds = announced("imp(?:ort)?[ _-]?hash", _MD5)
    examples = ((_SAMPLE.upper(), _SAMPLE),)


class Authentihash(Fingerprint):
    """SHA-256 of a Windows program without its signature (Microsoft's Authenticode specification)."""

    name: ClassVar[str] = "authentihash"
    misp_type: ClassVar[str] = "authentihash"
    label = "Authentihash"
    digits = 64
    lifetime_days: ClassVar[int] = 1825
    path = "file:hashes.AUTHENTIHASH"
    finds = announced("authentihash", _SHA256)
    examples = ((_SAMPLE * 2, _SAMPLE * 2),)


class Ja3(Fingerprint):
    """How a program opens TLS connections (salesforce/ja3): kept apart from MD5, though it is one."""

    name: ClassVar[str] = "ja3"
    misp_type: ClassVar[str] = "ja3-fingerprint-md5"
    aliases = frozenset({"ja3-fingerprint-md5"})
    label = "JA3"
    digits = 32
    path = "network-traffic:extensions.'x-tls-ext'.ja3"
    finds = announced("ja3(?:[ _-]?(?:hash|md5|fingerprint))?", _MD5)
    examples = ((_SAMPLE, _SAMPLE),)


class Ja3s(Fingerprint):
    """The same of how a server answers."""

    name: ClassVar[str] = "ja3s"
    misp_type: ClassVar[str] = "ja3-fingerprint-md5"
    label = "JA3S"
    digits = 32
    path = "network-traffic:extensions.'x-tls-ext'.ja3s"
    finds = announced("ja3s(?:[ _-]?(?:hash|md5|fingerprint))?", _MD5)
    examples = ((_SAMPLE, _SAMPLE),)


class Jarm(Fingerprint):
    """How a TLS server answers ten odd greetings (salesforce/jarm)."""

    name: ClassVar[str] = "jarm"
    misp_type: ClassVar[str] = "jarm-fingerprint"
    aliases = frozenset({"jarm-fingerprint"})
    label = "JARM"
    digits = 62
    path = "network-traffic:extensions.'x-tls-ext'.jarm"
    finds = announced("jarm(?:[ _-]?fingerprint)?", "[0-9a-f]{62}")
    examples = (("2AD2AD0002AD2AD00041D" + "2ad" * 13 + "1a", "2ad2ad0002ad2ad00041d" + "2ad" * 13 + "1a"),)


class Hassh(Fingerprint):
    """How a program opens SSH connections (salesforce/hassh)."""

    name: ClassVar[str] = "hassh"
    misp_type: ClassVar[str] = "hassh-md5"
    aliases = frozenset({"hassh-md5"})
    label = "HASSH"
    digits = 32
    path = "network-traffic:extensions.'x-ssh-ext'.hassh"
    finds = announced("hassh(?:[ _-]?md5)?", _MD5)
    examples = ((_SAMPLE, _SAMPLE),)


class Ja4(Exact):
    """The successor of JA3 (FoxIO): protocol, version, counts, and two shortened hashes."""

    name: ClassVar[str] = "ja4"
    misp_type: ClassVar[str] = "other"  # which has no type for it that its clients know
    label = "JA4"
    precedence: ClassVar[int] = 5
    opens: ClassVar[str] = LABELLED
    signs: ClassVar[tuple[Sign, ...]] = LABEL_SIGNS
    path = "network-traffic:extensions.'x-tls-ext'.ja4"
    finds = announced("ja4", "[tqd][0-9s]{2}[di][0-9]{4}[0-9a-z]{2}_[0-9a-f]{12}_[0-9a-f]{12}")
    examples = (("t13d1516h2_8DAAF6152771_02713d6af862", "t13d1516h2_8daaf6152771_02713d6af862"),)
    _shape = re.compile(r"[tqd][0-9s]{2}[di][0-9]{4}[0-9a-z]{2}_[0-9a-f]{12}_[0-9a-f]{12}")

    def settled(self, value: str) -> str:
        """Raises Refusal `not_a_ja4`."""
        value = unlabelled(value).lower()
        if self._shape.fullmatch(value) is None:
            raise Refusal("not_a_ja4", "A JA4 looks like t13d1516h2_8daaf6152771_02713d6af862.")
        return value


class Certificate(Fingerprint):
    """The fingerprint of a certificate: a digest of its DER encoding."""

    finds = None
    precedence: ClassVar[int] = 100


class CertificateMd5(Certificate):
    """By MD5."""

    name: ClassVar[str] = "x509-md5"
    misp_type: ClassVar[str] = "x509-fingerprint-md5"
    aliases = frozenset({"x509-fingerprint-md5"})
    label = "X.509 MD5"
    digits = 32
    path = "x509-certificate:hashes.MD5"
    examples = ((":".join(_SAMPLE[i : i + 2] for i in range(0, 32, 2)).upper(), _SAMPLE),)


class CertificateSha1(Certificate):
    """By SHA-1: what most tools show."""

    name: ClassVar[str] = "x509-sha1"
    misp_type: ClassVar[str] = "x509-fingerprint-sha1"
    aliases = frozenset({"x509-fingerprint-sha1"})
    label = "X.509 SHA-1"
    digits = 40
    path = "x509-certificate:hashes.'SHA-1'"
    examples = ((_SAMPLE + "00112233", _SAMPLE + "00112233"),)


class CertificateSha256(Certificate):
    """By SHA-256."""

    name: ClassVar[str] = "x509-sha256"
    misp_type: ClassVar[str] = "x509-fingerprint-sha256"
    aliases = frozenset({"x509-fingerprint-sha256"})
    label = "X.509 SHA-256"
    digits = 64
    path = "x509-certificate:hashes.'SHA-256'"
    examples = ((_SAMPLE * 2, _SAMPLE * 2),)


for _kind in (Imphash, Authentihash, Ja3, Ja3s, Jarm, Hassh, Ja4, CertificateMd5, CertificateSha1, CertificateSha256):
    ioc_types.register(_kind())
