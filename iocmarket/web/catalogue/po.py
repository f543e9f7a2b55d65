"""Reading and writing PO files: messages, contexts, plurals, references. Fuzzy messages count as not translated."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from iocmarket.web.catalogue.message import Message

_FIELD = re.compile(r'(msgctxt|msgid_plural|msgid|msgstr(?:\[\d+\])?)\s+(".*")$')
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "\\": "\\"}
_NPLURALS = re.compile(r"nplurals=(\d+)")


class UnreadableCatalogueError(ValueError):
    """The PO file breaks the format; the message names file and line."""


@dataclass(slots=True)
class Catalogue:
    """The messages of one language, and its header (the translation of the empty text)."""

    header: str = ""
    messages: dict[tuple[str, str], Message] = field(default_factory=dict)

    @property
    def forms(self) -> int:
        """How many plural forms the language has, by its own header."""
        found = _NPLURALS.search(self.header)
        return int(found.group(1)) if found else 2


def read(path: Path) -> Catalogue:
    """Parse a PO file. Raises UnreadableCatalogueError with file and line."""
    catalogue = Catalogue()
    for number, block in _blocks(path.read_text(encoding="utf-8")):
        try:
            message = _message(block)
        except ValueError as error:
            raise UnreadableCatalogueError(f"{path}:{number}: {error}") from error
        if message is None:
            continue
        if not message.id and message.context is None:
            catalogue.header = message.strings[0]
        elif message.key in catalogue.messages:
            raise UnreadableCatalogueError(f"{path}:{number}: {message.id!r} appears twice")
        else:
            catalogue.messages[message.key] = message
    return catalogue


def write(path: Path, catalogue: Catalogue) -> None:
    """Write the catalogue, sorted by message, so that two branches that add texts seldom collide."""
    blocks = [_block(Message("", strings=[catalogue.header]))]
    blocks += [_block(catalogue.messages[key]) for key in sorted(catalogue.messages, key=lambda key: (key[1], key[0]))]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(blocks), encoding="utf-8")


def _blocks(text: str) -> Iterable[tuple[int, list[str]]]:
    block: list[str] = []
    start = 1
    for number, line in enumerate([*text.split("\n"), ""], 1):
        if line.strip():
            if not block:
                start = number
            block.append(line.strip())
        elif block:
            yield start, block
            block = []


def _message(lines: list[str]) -> Message | None:
    fields: dict[str, str] = {}
    places: set[str] = set()
    name = ""
    for line in lines:
        if line.startswith("#"):
            if line.startswith("#:"):
                places.update(line[2:].split())
            continue
        found = _FIELD.match(line)
        if found:
            name = found.group(1)
            fields[name] = _unquoted(found.group(2))
        elif line.startswith('"') and name:
            fields[name] += _unquoted(line)
        else:
            raise ValueError(f"{line[:60]!r} is no part of a message")
    if "msgid" not in fields:
        return None
    is_fuzzy = any(line.startswith("#,") and "fuzzy" in line for line in lines)
    names = sorted((key for key in fields if key.startswith("msgstr")), key=lambda key: (len(key), key))
    strings = [] if is_fuzzy and fields["msgid"] else [fields[key] for key in names]
    return Message(fields["msgid"], fields.get("msgid_plural", ""), fields.get("msgctxt"), strings, places)


def _unquoted(text: str) -> str:
    if len(text) < 2 or not text.endswith('"'):
        raise ValueError(f"{text[:60]!r} is not closed")
    return re.sub(r"\\(.)", lambda found: _ESCAPES.get(found.group(1), found.group(1)), text[1:-1])


def _block(message: Message) -> str:
    lines = [f"#: {place}" for place in sorted(message.places)]
    if message.context is not None:
        lines.append(f"msgctxt {_quoted(message.context)}")
    lines.append(f"msgid {_quoted(message.id)}")
    if message.plural:
        lines.append(f"msgid_plural {_quoted(message.plural)}")
        strings = message.strings or ["", ""]
        lines += [f"msgstr[{index}] {_quoted(text)}" for index, text in enumerate(strings)]
    else:
        lines.append(f"msgstr {_quoted(message.strings[0] if message.strings else '')}")
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\t", "\\t").replace("\r", "\\r")
    pieces = [f'"{piece}\\n"' for piece in escaped.split("\n")]
    pieces[-1] = pieces[-1].removesuffix('\\n"') + '"'
    if len(pieces) == 1:
        return pieces[0]
    return "\n".join(['""', *(piece for piece in pieces if piece != '""')])
