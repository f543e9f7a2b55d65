"""Names of files, alone or with the path at which they lie.

A name is kept to the letter: attackers write file names with characters that elsewhere are noise (U+202E turns
`cod.exe` round into `exe.doc`), and `\\.ssh` in a path is no defanging. Nothing in running text is a file name unless
its sender says so: `filename: evil.exe`, a column, the field `type`.
"""

from __future__ import annotations

import re
from typing import ClassVar

from django.utils.translation import gettext_lazy as _

from iocmarket.indicators.types.base import (
    LABEL_SIGNS,
    LABELLED,
    Canonical,
    IocType,
    Sign,
    Trait,
    exact,
    ioc_types,
    quoted,
)
from iocmarket.indicators.types.names import registrable_domain
from iocmarket.kernel.decision import Refusal

_LABEL_WORDS = r"(?:file[ _-]?name|nom[ _](?:(?:de|du)[ _])?fichier)[\"']?[ ]{0,2}:[ ]{0,2}"
_LABEL = re.compile(_LABEL_WORDS, re.IGNORECASE)
_EXTENSION = re.compile(r"\.[0-9A-Za-z]{1,8}$")
_LONGEST_NAME = 255
"""Characters of one name: NTFS counts UTF-16 units, ext4 bytes; no system has longer ones."""

_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
_SPELT_OUT = re.compile(r"\[U\+(?P<code>[0-9A-F]{4,5})\]")
_WINDOWS_PATH = re.compile(r"(?:[A-Za-z]:[\\/]|\\\\|%\w+%\\)")
_QUOTES = "\"'"


class Filename(IocType):
    """`EVIL.exe`, or `C:\\Users\\bob\\EVIL.exe`: the case stays, since Linux tells it apart."""

    name: ClassVar[str] = "filename"
    misp_type: ClassVar[str] = "filename"
    aliases = frozenset({"file-name"})
    label = _("File name")
    traits = frozenset({Trait.FILE_NAME})
    lifetime_days: ClassVar[int] = 365
    verbatim: ClassVar[bool] = True
    precedence: ClassVar[int] = 5
    examples: ClassVar[tuple[tuple[str, str], ...]] = (
        ("BonDeCommande.vbs", "BonDeCommande.vbs"),
        ("filename: BonDeCommande.vbs", "BonDeCommande.vbs"),
        ('"Relevé de notes.pdf.exe"', "Relevé de notes.pdf.exe"),
        ("invoice[.]zip", "invoice.zip"),
        (r"C:\Users\Public\.cache\svhost.exe", r"C:\Users\Public\.cache\svhost.exe"),
    )
    opens: ClassVar[str] = LABELLED
    signs: ClassVar[tuple[Sign, ...]] = LABEL_SIGNS
    finds: ClassVar[re.Pattern[str] | None] = re.compile(
        rf"(?<![\w.-]){_LABEL_WORDS}(?:\"[^\"]{{1,300}}+\"|[\"']?[^\s\"'<>|;,]{{1,300}}+)", re.IGNORECASE
    )

    def normalise(self, raw: str, *, explicit: bool = False) -> Canonical:
        """Raises Refusal: `not_stated` (free text without the words that announce a file name), `is_url`,
        `directory`, `wildcard`, `too_long`, and those of every type.
        """
        text = exact(raw)
        if not explicit and _LABEL.match(text) is None:
            raise Refusal("not_stated", "Say that this is a file name: name the type “filename”.")
        value = _plain(text)
        if not value:
            raise Refusal("empty", "There is no value.")
        if "://" in value:
            raise Refusal("is_url", "This is a URL: send it as url.")
        last = name_of(value)
        if last in {"", ".", ".."}:
            raise Refusal("directory", "This is the path of a directory, without the name of a file.")
        if "*" in value or "?" in value:
            raise Refusal("wildcard", "A file name has no wildcard: send each name that was seen.")
        if len(last) > _LONGEST_NAME:
            raise Refusal("too_long", f"A file name has at most {_LONGEST_NAME} characters; this one has {len(last)}.")
        return Canonical(value, warnings=("invisible_characters",) if _INVISIBLE.search(value) else ())

    def match_key(self, value: str) -> str:
        """A path of Windows in lower case."""
        return value.casefold() if is_windows_path(value) else value

    def settle(self, text: str, start: int, end: int) -> int | None:
        """Without the punctuation after it. A name with a space needs quotes: unless an extension ends it, what
        stands before a space may be half of one.
        """
        if text[end - 1] == '"':
            return end
        end -= len(text[start:end]) - len(text[start:end].rstrip(".,:!?)]}…"))
        return end if _EXTENSION.search(text, max(start, end - 10), end) or not text[end:].strip(" .") else None

    def pattern(self, value: str, *, subtree: bool = False) -> str:
        """`[file:name = '…']`, of a path the whole path, as MISP writes it: a second comparison for the directory
        (STIX 2.1 section 6.7) would become an indicator of its own for consumers that take patterns apart.
        """
        del subtree
        return f"[file:name = {quoted(value)}]"

    def defang(self, value: str) -> str:
        """Invisible characters spelt out (`[U+202E]`); a dot in brackets where a program might make a link of a name
        such as `invoice.zip`.
        """
        shown = _INVISIBLE.sub(lambda found: f"[U+{ord(found[0]):04X}]", value)
        stem, dot, extension = shown.rpartition(".")
        linked = dot and extension.isascii() and extension.isalpha() and registrable_domain(f"x.{extension.lower()}")
        return f"{stem}[.]{extension}" if linked else shown


def is_windows_path(value: str) -> bool:
    """Whether a path is one of Windows, where letter case means nothing: it has a drive, a share or a variable."""
    return _WINDOWS_PATH.match(value) is not None


def name_of(value: str) -> str:
    """The name of the file without its path."""
    return value[max(value.rfind("/"), value.rfind("\\")) + 1 :]


def _plain(text: str) -> str:
    """Without its label, the quotes around it and the two notations of `defang`, until nothing changes any more."""
    while True:
        plain = _SPELT_OUT.sub(_spelt, text.strip()).replace("[.]", ".")
        if (label := _LABEL.match(plain)) is not None:
            plain = plain[label.end() :].strip(_QUOTES + " ")
        if len(plain) > 1 and plain[0] in _QUOTES and plain[-1] == plain[0]:
            plain = plain[1:-1]
        if plain == text:
            return plain
        text = plain


def _spelt(match: re.Match[str]) -> str:
    character = chr(int(match["code"], 16))
    return character if _INVISIBLE.fullmatch(character) else match[0]


ioc_types.register(Filename())
