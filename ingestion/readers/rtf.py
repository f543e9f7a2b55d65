r"""Bodies of mails that Outlook keeps as compressed RTF: their text, or the HTML that they wrap. Pure.

The compression is [MS-OXRTFCP]; what `\fromhtml1` announces is HTML with RTF around it ([MS-OXRTFEX] section 2.1.3),
whose tags stand in groups `{\*\htmltag …}` and whose doubles for other readers lie between `\htmlrtf` and `\htmlrtf0`.
Everything is passed once, from left to right, and nothing is followed: no picture, no object, no template.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass, replace

from compressed_rtf import decompress

PACKED_MAX = 1024 * 1024
"""Bytes of a compressed body: unpacked it has less than nine times as many."""
DEPTH_MAX = 200
_TOKEN = re.compile(
    rb"\\'(?P<octet>[0-9A-Fa-f]{2})|\\(?P<word>[a-z]{1,32})(?P<number>-?[0-9]{1,10})? ?|\\(?P<sign>[^a-z])"
    rb"|(?P<brace>[{}])|(?P<text>[^\\{}\r\n]+)|[\r\n]+|\\"
)
_LETTERS = {
    b"par": "\n", b"line": "\n", b"row": "\n", b"tab": "\t", b"cell": "\t", b"lquote": "‘", b"rquote": "’",
    b"ldblquote": "“", b"rdblquote": "”", b"bullet": "•", b"endash": "–", b"emdash": "—",
}  # fmt: skip
_SIGNS = {b"~": "\xa0", b"_": "-", b"{": "{", b"}": "}", b"\\": "\\", b"\n": "\n", b"\r": "\n"}
_SILENT = frozenset({b"fonttbl", b"colortbl", b"stylesheet", b"info", b"pict", b"object", b"header", b"footer"})
_TOLD = frozenset({b"htmltag", b"fldinst"})
"""Groups for those who know them, of which the content is a reader's: tags, and where a link leads."""


@dataclass(frozen=True, slots=True)
class _Group:
    """What holds until the next closing brace."""

    silent: bool = False
    double: bool = False
    """Between `\\htmlrtf` and `\\htmlrtf0`: what an HTML reader has from the tags."""
    skips: int = 1
    """Letters that follow a `\\u` for those who cannot read it."""


class _Body:
    """One pass."""

    def __init__(self, data: bytes) -> None:
        self.is_html = b"\\fromhtml1" in data[:1024]
        self._data = data
        self._group = _Group()
        self._above: list[_Group] = []
        self._starred = False
        self._codec = "cp1252"
        self._fallback = 0
        self._octets = bytearray()
        self._out: list[str] = []

    def text(self) -> str:
        at, data = 0, self._data
        while (found := _TOKEN.match(data, at)) is not None:
            at = found.end()
            if found["octet"] is not None:
                self._octet(int(found["octet"], 16))
            elif found["word"] is not None:
                number = int(found["number"]) if found["number"] else None
                if found["word"] == b"bin" and number and number > 0:
                    at += number
                self._word(found["word"], number)
            elif found["brace"] is not None:
                self._brace(found["brace"])
            elif found["text"] is not None:
                self._plain(found["text"])
            elif found["sign"] is not None:
                self._sign(found["sign"])
        self._flush()
        return "".join(self._out)

    @property
    def _heard(self) -> bool:
        return not (self._group.silent or (self._group.double and self.is_html))

    def _brace(self, brace: bytes) -> None:
        self._starred, self._fallback = False, 0
        if brace == b"{":
            if len(self._above) >= DEPTH_MAX:
                raise ValueError("groups of RTF lie too deep")
            self._above.append(self._group)
        elif self._above:
            self._group = self._above.pop()

    def _word(self, word: bytes, number: int | None) -> None:
        starred, self._starred = self._starred, False
        if word in _SILENT or (starred and word not in _TOLD):
            self._group = replace(self._group, silent=True)
        elif word == b"fldinst":
            self._say(" ")
        elif word == b"htmlrtf":
            self._group = replace(self._group, double=number != 0)
        elif word == b"ansicpg" and number:
            self._codec = _codec_of(number)
        elif word == b"uc":
            self._group = replace(self._group, skips=max(0, min(number or 0, 8)))
        elif word == b"u" and number is not None:
            code = number % 0x10000
            self._say(chr(code) if not 0xD800 <= code < 0xE000 else "\ufffd")
            self._fallback = self._group.skips
        elif (letter := _LETTERS.get(word)) is not None:
            self._say(letter)

    def _octet(self, value: int) -> None:
        if self._fallback:
            self._fallback -= 1
        elif self._heard:
            self._octets.append(value)

    def _plain(self, text: bytes) -> None:
        skipped = min(self._fallback, len(text))
        self._fallback -= skipped
        self._starred = False
        if self._heard:
            self._octets += text[skipped:]

    def _sign(self, sign: bytes) -> None:
        if sign == b"*":
            self._starred = True
        elif (letter := _SIGNS.get(sign)) is not None:
            self._say(letter)

    def _say(self, text: str) -> None:
        if self._heard:
            self._flush()
            self._out.append(text)

    def _flush(self) -> None:
        if self._octets:
            self._out.append(self._octets.decode(self._codec, "replace"))
            self._octets.clear()


def body_of(packed: bytes) -> tuple[str, bool]:
    """The text of a compressed body, and whether it is HTML. Raises ValueError for what is none, or too long."""
    if len(packed) > PACKED_MAX:
        raise ValueError("the compressed RTF is too long")
    try:
        data = decompress(packed)
    except Exception as error:  # (the library raises plain Exception for what is broken)
        raise ValueError("broken compression of RTF") from error
    if not data.lstrip().startswith(b"{\\rtf"):
        raise ValueError("no RTF")
    body = _Body(data)
    return body.text(), body.is_html


def _codec_of(page: int) -> str:
    name = "utf-8" if page == 65001 else f"cp{page}"
    try:
        return codecs.lookup(name).name
    except LookupError:
        return "cp1252"
