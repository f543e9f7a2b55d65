"""Onion services of Tor: names that are keys, and in no DNS."""

from __future__ import annotations

import base64
import hashlib
import re
from typing import ClassVar

from iocmarket.indicators.types.base import (
    DOTTED,
    DOTTED_SIGN,
    Canonical,
    IocType,
    Sign,
    Trait,
    cleaned,
    ioc_types,
    quoted,
)
from iocmarket.indicators.types.names import ascii_name, defanged_name
from iocmarket.kernel.decision import Refusal


class Onion(IocType):
    """`<56 letters>.onion`, with or without labels before it. Those of version 2 (16 letters) left Tor in 2021."""

    name: ClassVar[str] = "onion"
    misp_type: ClassVar[str] = "onion-address"
    aliases = frozenset({"onion-address"})
    label = "Onion"
    traits = frozenset({Trait.TEXT})
    lifetime_days: ClassVar[int] = 180
    precedence: ClassVar[int] = 61
    examples: ClassVar[tuple[tuple[str, str], ...]] = (
        (
            "AAAQEAYEAUDAOCAJBIFQYDIOB4IBCEQTCQKRMFYYDENBWHA5DYP3KEAD[.]onion",
            "aaaqeayeaudaocajbifqydiob4ibceqtcqkrmfyydenbwha5dyp3kead.onion",
        ),
    )
    opens: ClassVar[str] = DOTTED
    signs: ClassVar[tuple[Sign, ...]] = (DOTTED_SIGN,)
    finds: ClassVar[re.Pattern[str] | None] = re.compile(
        r"(?<![\w.@\\$-])(?:[a-z0-9-]{1,63}+\.(?=\w)){1,4}+onion(?::\d{1,5}(?!\w))?(?![\w@-]|\.\w)",
        re.IGNORECASE,
    )

    def normalise(self, raw: str, *, explicit: bool = False) -> Canonical:
        """Raises Refusal: `is_url`, `not_an_onion`, `onion_checksum`, `onion_v2`."""
        del explicit
        text = cleaned(raw)
        if "://" in text or "/" in text.rstrip("/"):
            raise Refusal("is_url", "This is a URL: send it as url.")
        host, _colon, port = text.rstrip("/").partition(":")
        if port and not port.isdecimal():
            raise Refusal("not_an_onion", "This is not the name of an onion service.")
        name = ascii_name(host)
        check_onion(name)
        return Canonical(name, warnings=("port_dropped",) if port else ())

    def pattern(self, value: str, *, subtree: bool = False) -> str:
        """`[domain-name:value = '…']`: what tools agree on, though no resolver knows it."""
        del subtree
        return f"[domain-name:value = {quoted(value)}]"

    def defang(self, value: str) -> str:
        """`…[.]onion`."""
        return defanged_name(value)

    def unmistakable(self, match: str) -> bool:
        """Nothing else is written so."""
        del match
        return True


def check_onion(name: str) -> None:
    """Whether a name in lower case is one of an onion service of version 3 (Tor's rend-spec-v3, section 6).

    Raises Refusal: `not_an_onion`, `onion_v2`, `onion_checksum`.
    """
    key, _dot, top = name.rpartition(".")
    label = key.rpartition(".")[2]
    if top != "onion" or re.fullmatch(r"[a-z2-7]{16}|[a-z2-7]{56}", label) is None:
        raise Refusal("not_an_onion", "The name of an onion service is 56 letters and digits 2-7, and .onion.")
    if len(label) == 16:
        raise Refusal("onion_v2", "Onion services of 16 letters ended in 2021: nobody can reach them.")
    decoded = base64.b32decode(label.upper())
    public, checksum, version = decoded[:32], decoded[32:34], decoded[34:]
    if hashlib.sha3_256(b".onion checksum" + public + version).digest()[:2] != checksum or version != b"\x03":
        raise Refusal("onion_checksum", "Its checksum is wrong: a letter was lost or changed.")


ioc_types.register(Onion())
