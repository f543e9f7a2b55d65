"""Items for tests of formats, which need no database."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from iocmarket.indicators.types import ioc_types
from iocmarket.kernel.decision import Refusal
from iocmarket.kernel.ids import public_id_of
from iocmarket.kernel.marking import PAP, TLP, Marking
from sharing.feeds.items import Item, Meta

MOMENT = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)
META = Meta(
    name="Place de marché IOC",
    public_url="https://ioc.example.org",
    serial=1_795_000_000,
    changed=MOMENT,
    count=1,
    strictest=Marking(TLP.AMBER, PAP.GREEN),
)


def item(type_name: str, raw: str, **choices: Any) -> Item:
    """One value as a format gets it. Raises Refusal when the type refuses the value."""
    value = ioc_types[type_name].normalise(raw, explicit=True).value
    number = int.from_bytes(public_id_of(type_name, value, key=b"test").bytes[:3], "big")
    told: dict[str, Any] = {
        "public_id": public_id_of(type_name, value, key=b"test"),
        "type": type_name,
        "value": value,
        "traits": ioc_types[type_name].traits,
        "marking": Marking(TLP.AMBER, PAP.GREEN),
        "score": 72.4,
        "threat_types": ("phishing",),
        "subtree": False,
        "first_seen": MOMENT,
        "last_seen": MOMENT,
        "valid_until": MOMENT,
        "institutions": 2,
        "changed": MOMENT,
        "sid": 9_000_000 + 4 * number,
    }
    return Item(**{**told, **choices})


# Text with which an attacker would break out of a line, a string, an option or a zone.
_HOSTILE = st.text(
    alphabet=st.sampled_from("abcz019.-_;:\"'\\|/?&=%#@[](){}<>$!*,+~^` \t\r\n\u00a0\u2028é\u0430\u5916🦊"),
    max_size=40,
)
_LABEL = st.from_regex(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?", fullmatch=True)
_NAME = st.builds(lambda labels, top: ".".join([*labels, top]), st.lists(_LABEL, min_size=1, max_size=12),
                  st.sampled_from(["top", "fr", "org", "co.uk"]))  # fmt: skip


def _accepted(type_name: str, texts: st.SearchStrategy[str]) -> st.SearchStrategy[Item]:
    """The values of a type that its own reading lets in, whatever they look like."""

    def read(text: str) -> Item | None:
        try:
            return item(type_name, text)
        except Refusal:
            return None

    return texts.map(read).filter(lambda made: made is not None)  # type: ignore[return-value]


_OCTET = st.integers(0, 255).map(str)
_V4 = st.tuples(_OCTET, _OCTET, _OCTET, _OCTET).map(".".join)
_V6 = st.ip_addresses(v=6).map(str)
_URL = st.builds(lambda name, rest: f"http://{name}/{rest}", _NAME, _HOSTILE)
_LONG_URL = st.builds(
    lambda name, length, rest: f"https://{name}:8443/{'a' * length}?{rest}", _NAME, st.integers(0, 900), _HOSTILE
)
_NASTY: list[tuple[str, st.SearchStrategy[str]]] = [
    ("ipv4", _V4),
    ("ipv6", _V6),
    ("cidr", st.builds(lambda text, length: f"{text}/{length}", _V4, st.integers(8, 31))),
    ("cidr", st.builds(lambda text, length: f"{text}/{length}", _V6, st.integers(16, 127))),
    ("domain", _NAME),
    ("url", _URL),
    ("url", _LONG_URL),
    ("email", st.builds(lambda mailbox, name: f"{mailbox}@{name}", _HOSTILE, _NAME)),
    ("sha256", st.from_regex(r"[0-9a-f]{64}", fullmatch=True)),
    ("sha512", st.from_regex(r"[0-9a-f]{128}", fullmatch=True)),
    ("asn", st.integers(1, 2**32 - 1).map(str)),
    ("cve", st.integers(1000, 10**9).map("CVE-2024-{}".format)),
    ("filename", _HOSTILE),
    ("filename", st.text(alphabet=st.sampled_from("a.é🦊\u202e"), min_size=200, max_size=255)),
]


def hostile_items(wanted: Collection[str] | None = None) -> st.SearchStrategy[Item]:
    """Anything of these types (of any of them) that the types accept, the nastier the better; where no nasty value is
    known of, examples.
    """
    nasty = [_accepted(name, texts) for name, texts in _NASTY if wanted is None or name in wanted]
    examples = [item(name, ioc_types[name].examples[0][0]) for name in sorted(wanted or ())]
    return st.one_of(nasty) if nasty else st.sampled_from(examples)
