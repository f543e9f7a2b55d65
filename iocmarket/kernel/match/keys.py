"""Keys: what was seen, as kind and value, and the indicators that it may be."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple


class Key(NamedTuple):
    """One value that was seen. Of the kinds of `FOLDED` its letters are lower case."""

    kind: str
    """A name of `TYPES`."""
    value: str


class Asked(NamedTuple):
    """An indicator that a key is a hit of, if it is known."""

    type: str
    value: str
    below: bool
    """The key lies below it: a hit only where the indicator means its sub-names."""


TYPES: Final[dict[str, tuple[str, ...]]] = {
    "md5": ("md5", "imphash", "x509-md5"),
    "sha1": ("sha1", "x509-sha1"),
    "sha256": ("sha256", "authentihash", "x509-sha256"),
    "sha512": ("sha512",),
    "ipv4": ("ipv4",),
    "ipv6": ("ipv6",),
    "ip-port": ("ip-port",),
    "domain": ("domain",),
    "url": ("url",),
    "email": ("email", "email-reply-to"),
    "filename": ("filename", "attachment-name"),
    "file-path": ("file-path", "filename"),
    "scheduled-task": ("scheduled-task",),
    "service-name": ("service-name",),
    "named-pipe": ("named-pipe",),
    "command-line": ("command-line",),
    "regkey": ("regkey",),
    "regvalue": ("regvalue",),
}
"""The types of indicators that a value of each kind may be."""

FOLDED: Final = frozenset({
    "filename", "attachment-name", "file-path", "scheduled-task", "service-name", "named-pipe", "command-line",
    "regkey", "regvalue",
})  # fmt: skip
"""Types in which Windows makes no difference between letters: they are compared in lower case."""
ADDRESSES: Final = frozenset({"ipv4", "ipv6"})


def folded(type_name: str, value: str) -> str:
    """The value as it is compared."""
    return value.lower() if type_name in FOLDED else value


def above(name: str) -> Iterator[str]:
    """The names above a name, the nearest first, without its top-level domain, of which nobody says anything."""
    labels = name.split(".")
    for start in range(1, len(labels) - 1):
        yield ".".join(labels[start:])


def asked_of(key: Key) -> Iterator[Asked]:
    """The indicators that it may be, networks around an address excepted."""
    for name in TYPES[key.kind]:
        yield Asked(name, key.value, below=False)
    if key.kind == "domain":
        for parent in above(key.value):
            yield Asked("domain", parent, below=True)
