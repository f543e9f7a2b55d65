"""YARA rules as members sent them, in one file that compiles: looking at files is passive, every PAP may be carried.

Each text stands as it was sent, but for a name that another rule of the file has already, and for imports, which stand
once. One that YARA-X does not compile, or that would decide over the rules of others, is left out (yara_texts.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import ClassVar

from iocmarket.indicators.types.base import IocType
from sharing.feeds.formats.base import LineFormat, Mode, Recipe, comments, fetch, formats
from sharing.feeds.items import Item, Meta
from sharing.feeds.yara_texts import Book

_HASHES = frozenset({"md5", "sha1", "sha256"})


class Yara(LineFormat):
    """Submitted rules; with `hashes=yes` also one for each digest of a file."""

    name = "yara"
    label = "YARA"
    media_type = "text/plain; charset=utf-8"
    extension = "yar"
    mode = Mode.DETECT
    accepts = frozenset()
    also = frozenset({"yara", *_HASHES})
    options: ClassVar[Mapping[str, tuple[str, ...]]] = {"hashes": ("no", "yes")}
    recipes = (
        fetch("YARA-X"),
        Recipe("YARA-X", "sh", "yr scan --recursive {name} /srv/files\n"),
    )

    def carried(self, options: Mapping[str, str]) -> list[IocType]:
        """Rules, and digests where they are asked for."""
        return [kind for kind in self.types() if options["hashes"] == "yes" or kind.name not in _HASHES]

    def header(self, meta: Meta) -> bytes:
        """Comments."""
        return comments("//", meta)

    def line(self, item: Item, options: Mapping[str, str]) -> str:
        """One text, as if it stood alone. Raises Unwritable: `rule_refused`."""
        return self.writer(options)(item)

    def writer(self, options: Mapping[str, str]) -> Callable[[Item], str]:
        """Writes texts that know of each other's names."""
        del options
        book = Book()

        def write(item: Item) -> str:
            number = str(item.public_id).replace("-", "")
            text = item.value if item.type == "yara" else _hash_rule(item, number)
            return _labels(item) + book.add(text, number[:8])

        return write


def _labels(item: Item) -> str:
    labels = f"TLP:{item.marking.tlp.label}, PAP:{item.marking.pap.label}"
    return f"\n// {item.public_id}: {labels}, {', '.join(item.threat_types)}\n"


def _hash_rule(item: Item, number: str) -> str:
    return (
        'import "hash"\n'
        f"rule iocmarket_{number} {{\n"
        f'  meta: ioc_uuid = "{item.public_id}"\n'
        f'  condition: hash.{item.type}(0, filesize) == "{item.value}"\n'
        "}\n"
    )


formats.register(Yara())
