"""E-mail addresses (of senders; the roles that MISP tells apart are types of their own)."""

from __future__ import annotations

import re
from typing import ClassVar

from django.utils.translation import gettext_lazy as _

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
from iocmarket.indicators.types.names import ascii_name, defanged_name, judge_name, usual_name
from iocmarket.kernel.decision import Refusal

_BOUNCE = re.compile(r"(?:\+|\d-)[\w.-]{0,63}=$")
_ANGLE = re.compile(r"[^<>]*<([^<>]*)>")
_ATOM = re.compile(r"[^\s\x00-\x1f\"(),:;<>@\[\]\\.]+")

_USUAL_LOCAL = re.compile(r"[a-z0-9_+-]++(?:\.[a-z0-9_+-]++)*+")


class Email(IocType):
    """`bob@evil.org`: lower case as a whole, `+tag` and dots kept, the domain in A-labels."""

    name: ClassVar[str] = "email"
    misp_type: ClassVar[str] = "email-src"
    label = _("E-mail")
    traits = frozenset({Trait.MAIL})
    lifetime_days: ClassVar[int] = 90
    precedence: ClassVar[int] = 20
    examples: ClassVar[tuple[tuple[str, str], ...]] = (
        ("Bob <Bob[at]evil-cas[.]fr>", "bob@evil-cas.fr"),
        ("mailto:bob+tag@evil-cas.fr?subject=x", "bob+tag@evil-cas.fr"),
    )
    # The letter before an apostrophe is a French article (l'adresse), not the start of an address.
    opens: ClassVar[str] = DOTTED
    signs: ClassVar[tuple[Sign, ...]] = (DOTTED_SIGN,)
    finds: ClassVar[re.Pattern[str] | None] = re.compile(
        r"(?:(?<=\b[cdjlmnst]')|(?<![\w.+@']))(?![cdjlmnst]')\w[\w.+%&'~-]{0,63}+@"
        r"(?:\w[\w-]{0,62}+\.(?=\w)){1,40}+[^\W\d_][\w-]{1,62}+(?![@])",
        re.IGNORECASE,
    )

    def normalise(self, raw: str, *, explicit: bool = False) -> Canonical:
        """Raises Refusal: `not_an_email`, `bad_local_part`, and those of a DNS name."""
        del explicit
        text = cleaned(raw)
        if (angle := _ANGLE.fullmatch(text)) is not None:
            text = angle[1].strip()
        if text.lower().startswith("mailto:"):
            text = text[7:].partition("?")[0]
        local, at, domain = text.rpartition("@")
        if not at:
            raise Refusal("not_an_email", "An e-mail address has an @ between a mailbox and a domain.")
        local = local.lower()
        if len(local) > 64 or not all(_ATOM.fullmatch(atom) for atom in local.split(".")):
            raise Refusal(
                "bad_local_part", f"“{local[:64]}” is not the mailbox of an address (RFC 5321 section 4.1.2)."
            )
        name = ascii_name(domain)
        _subtree, warnings = judge_name(name)
        return Canonical(f"{local}@{name}", warnings=warnings)

    def usual(self, raw: str) -> Canonical | None:
        """A mailbox in lower case at a usual name."""
        local, _at, domain = raw.partition("@")
        usual = len(local) <= 64 and _USUAL_LOCAL.fullmatch(local) is not None and usual_name(domain) is not None
        return Canonical(raw) if usual else None

    def match_key(self, value: str) -> str:
        """Without the tag after a plus sign."""
        local, _at, domain = value.rpartition("@")
        return f"{local.partition('+')[0] or local}@{domain}"

    def settle(self, text: str, start: int, end: int) -> int | None:
        """Not the middle of a bounce address, `bounce+bob=evil.org@list.org`."""
        if start and text[start - 1] == "=" and _BOUNCE.search(text, max(0, start - 64), start) is not None:
            return None
        return end

    def unmistakable(self, match: str) -> bool:
        """Whatever has an @ and a dotted name after it."""
        del match
        return True

    def pattern(self, value: str, *, subtree: bool = False) -> str:
        """`[email-addr:value = '…']`."""
        del subtree
        return f"[email-addr:value = {quoted(value)}]"

    def defang(self, value: str) -> str:
        """`bob[@]evil[.]org`."""
        local, _at, domain = value.rpartition("@")
        return f"{local}[@]{defanged_name(domain)}"

    def dns_name(self, value: str) -> str | None:
        """The domain of the address."""
        return value.rpartition("@")[2]


ioc_types.register(Email())
