"""Where the money of a fraud goes: wallets and bank accounts."""

from __future__ import annotations

import hashlib
import re
from typing import ClassVar

from iocmarket.indicators.types.base import Canonical, Sign, ioc_types
from iocmarket.indicators.types.texts import Exact
from iocmarket.kernel.decision import Refusal

_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_OF_BASE58 = bytes(
    ord("1" if chr(code) in "13" else "a" if chr(code) in _BASE58 else "0" if chr(code) in "0OIl" else " ")
    for code in range(256)
)
_BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"


class Bitcoin(Exact):
    """An address of Bitcoin: base58 with its checksum, or bech32 (BIP 173, BIP 350) in one case."""

    name: ClassVar[str] = "btc"
    misp_type: ClassVar[str] = "btc"
    aliases = frozenset({"bitcoin"})
    label = "Bitcoin"
    verbatim: ClassVar[bool] = False
    precedence: ClassVar[int] = 75
    path = "cryptocurrency-wallet:value"
    opens: ClassVar[str] = "(?:[13][1-9A-HJ-NP-Za-km-z]{24}|[bB][cC]1)"
    signs: ClassVar[tuple[Sign, ...]] = (Sign(b"bc1"), Sign(rb"1(?<![01a].)[1a]{24}", _OF_BASE58))
    finds: ClassVar[re.Pattern[str] | None] = re.compile(
        r"(?<![\w./?=&@-])(?:[13][1-9A-HJ-NP-Za-km-z]{24,34}+|(?i:bc1)[0-9A-Za-z]{11,71}+)(?![\w@/]|\.\w)"
    )
    examples = (
        ("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"),
        ("BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"),
    )

    def settled(self, value: str) -> str:
        """Raises Refusal: `not_a_wallet`, `wallet_checksum`."""
        if value.lower().startswith("bc1"):
            if value not in {value.lower(), value.upper()}:
                raise Refusal("wallet_checksum", "An address that begins with bc1 has letters of one case only.")
            value = value.lower()
            if not _bech32_holds(value):
                raise Refusal("wallet_checksum", "Its checksum is wrong: a letter was lost or changed.")
            return value
        if re.fullmatch(f"[13][{_BASE58}]{{24,34}}", value) is None:
            raise Refusal("not_a_wallet", "An address of Bitcoin begins with 1, 3 or bc1.")
        if not _base58_holds(value):
            raise Refusal("wallet_checksum", "Its checksum is wrong: a letter was lost or changed.")
        return value


def _base58_holds(value: str) -> bool:
    number = 0
    for letter in value:
        number = number * 58 + _BASE58.index(letter)
    if number >= 1 << 200:
        return False
    octets = number.to_bytes(25)
    return hashlib.sha256(hashlib.sha256(octets[:21]).digest()).digest()[:4] == octets[21:]


def _bech32_holds(value: str) -> bool:
    data = value[3:]
    if not 11 <= len(data) <= 71 or data.strip(_BECH32):
        return False
    checksum = 1
    # The human-readable part "bc", expanded (BIP 173).
    for digit in (3, 3, 0, 2, 3, *map(_BECH32.index, data)):
        top, checksum = checksum >> 25, (checksum & 0x1FFFFFF) << 5 ^ digit
        for bit, generator in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            checksum ^= generator if top >> bit & 1 else 0
    return checksum == (1 if data[0] == "q" else 0x2BC830A3)


class Monero(Exact):
    """An address of Monero, standard, integrated or of a sub-account; its form is checked."""

    name: ClassVar[str] = "xmr"
    misp_type: ClassVar[str] = "xmr"
    aliases = frozenset({"monero"})
    label = "Monero"
    path = "cryptocurrency-wallet:value"
    examples = (("4" + "A" + "b1C2" * 23 + "d", "4" + "A" + "b1C2" * 23 + "d"),)

    def settled(self, value: str) -> str:
        """Raises Refusal `not_a_wallet`."""
        if re.fullmatch(f"4[0-9AB][{_BASE58}]{{93}}|8[{_BASE58}]{{94}}|4[{_BASE58}]{{105}}", value) is None:
            raise Refusal("not_a_wallet", "An address of Monero has 95 or 106 letters and begins with 4 or 8.")
        return value


class Iban(Exact):
    """A bank account (ISO 13616): without spaces, in capitals, its check digits right."""

    name: ClassVar[str] = "iban"
    misp_type: ClassVar[str] = "iban"
    label = "IBAN"
    path = "bank-account:iban"
    examples = (("fr14 2004 1010 0505 0001 3M02 606", "FR1420041010050500013M02606"),)

    def normalise(self, raw: str, *, explicit: bool = False) -> Canonical:
        """Raises Refusal: `not_an_iban`, `iban_checksum`."""
        return super().normalise(raw, explicit=explicit)

    def settled(self, value: str) -> str:
        """See `normalise`."""
        value = re.sub(r"[ \u00a0\u202f.-]", "", value).upper().removeprefix("IBAN").lstrip(":")
        if re.fullmatch(r"[A-Z]{2}[0-9]{2}[0-9A-Z]{11,30}", value) is None:
            raise Refusal("not_an_iban", "An IBAN is a country, two digits, and up to 30 letters and digits.")
        if int("".join(str(int(letter, 36)) for letter in value[4:] + value[:4])) % 97 != 1:
            raise Refusal("iban_checksum", "Its check digits are wrong: a digit was lost or changed.")
        return value

    def defang(self, value: str) -> str:
        """In groups of four, as banks print it."""
        return " ".join(value[i : i + 4] for i in range(0, len(value), 4))


for _kind in (Bitcoin, Monero, Iban):
    ioc_types.register(_kind())
