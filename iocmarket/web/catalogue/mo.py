"""Writing MO files, as the GNU gettext manual lays them out: two tables of (length, offset), sorted, no hash table."""

from __future__ import annotations

import struct
from itertools import accumulate
from pathlib import Path

from iocmarket.web.catalogue import po
from iocmarket.web.catalogue.message import Message

_MAGIC = 0x950412DE
_HEADER = struct.Struct("<7I")
_ROW = struct.Struct("<2I")


def compile_folder(folder: Path) -> dict[str, int]:
    """Write the .mo beside each .po of a locale folder; the number of messages by language.

    Needs no Django, so that a test run can do it before Django reads its first text. Raises UnreadableCatalogueError.
    """
    counts = {}
    for path in sorted(folder.glob("*/LC_MESSAGES/*.po")):
        catalogue = po.read(path)
        path.with_suffix(".mo").write_bytes(compiled(catalogue))
        counts[path.parent.parent.name] = len(catalogue.messages)
    return counts


def compiled(catalogue: po.Catalogue) -> bytes:
    """The catalogue for gettext. Messages without a whole translation are left out, so that the original shows."""
    texts = {b"": catalogue.header.encode()}
    for message in catalogue.messages.values():
        if not message.troubles(catalogue.forms):
            texts[_original(message)] = b"\0".join(text.encode() for text in message.strings)
    originals = sorted(texts)
    translations = [texts[original] for original in originals]
    table_start = _HEADER.size
    text_start = table_start + 2 * len(originals) * _ROW.size
    second_start = text_start + sum(len(text) + 1 for text in originals)
    header = _HEADER.pack(
        _MAGIC, 0, len(originals), table_start, table_start + len(originals) * _ROW.size, 0, text_start
    )
    tables = _table(originals, text_start) + _table(translations, second_start)
    return header + tables + b"".join(text + b"\0" for text in originals + translations)


def _original(message: Message) -> bytes:
    text = f"{message.context}\x04{message.id}" if message.context is not None else message.id
    return f"{text}\0{message.plural}".encode() if message.plural else text.encode()


def _table(texts: list[bytes], start: int) -> bytes:
    """Length (without the closing NUL) and offset of each text."""
    offsets = accumulate((len(text) + 1 for text in texts), initial=start)
    return b"".join(_ROW.pack(len(text), offset) for text, offset in zip(texts, offsets, strict=False))
