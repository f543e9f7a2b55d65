r"""Regular expressions that find a name or a web address in a mail, for rules `m,…,` of SpamAssassin. Pure.

SpamAssassin compares bytes: `\xc3\xa9` is an é of UTF-8. It has two views of a mail. Its list of addresses holds what
links point to, as it is written, and what its reading of running text takes for an address; without the module
Net::LibIDN2 that reading ends at the first letter outside of ASCII when no scheme precedes, and at each byte A0, which
à and Р end in, when one does. Names of such letters are therefore looked for in running text too (`…_in_text`), within
borders that are never wider than those of the list (`…_in_list`); so are web addresses with a sign that ends one there.
"""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import urlsplit

from sharing.feeds.items import Unwritable
from sharing.feeds.spelling import cut_in_text, spellings

_UNSAFE = re.compile(rb"[^A-Za-z0-9/_=&~:-]")
_USER = r"(?:[^/?@\x23]*@)?"
_ABOVE = r"[^/?@\x23]*\."

_PART = r"[^\s/?@\x23<>\x22'\x28\x29\[\]{}|`\x2c;]*"
"""What a host or a user consists of in running text."""
_BEFORE = r"(?:^|(?<=[\s<>\x22'\x28\[{|`\x2c;])|(?<=\xc2[\xa0\xab])|(?<=\xe2\x80[\x98-\x9f\xaf]))"
"""What may stand before a name without a scheme: blanks, brackets, quotes, « and “. No letter of any script, and none
of `@`, `/`, `=`: they make it a part of something else."""
_END = r"$|[\s<>\x22`\[\]{}|]|\xc2[\xa0\xab\xbb]|\xe2\x80[\x98-\x9f\xa6\xaf]|\xe3\x80[\x80\x81\x88-\x91]"
"""Blanks, brackets, quotes, … and their like in Chinese and Japanese."""
_AFTER_NAME = rf"(?:\.?[/?:\x23]|[.!\x2c;'\x28\x29]*(?:{_END}))"
_AFTER_PAGE = rf"[-~!@\x23^&*\x28\x29_+=:;'?\x2c.]*(?:{_END})"
"""Before such a series of signs SpamAssassin itself ends an address of running text."""
_ENDS_IN_TEXT = frozenset('<>"`[]{}|')
"""At these SpamAssassin's reading of running text ends an address (4.0, `_tbirdurire`)."""


def cut_by_reading(text: str) -> bool:
    """Whether SpamAssassin's reading of running text cuts a name or web address in one of its spellings."""
    return _beyond_ascii(text) or not _ENDS_IN_TEXT.isdisjoint(text[len(_head(text)) :])


def _beyond_ascii(text: str) -> bool:
    """Whether a name or the host of a web address may be written in letters outside of ASCII."""
    return len(spellings(_head(text))) > 1


def name_in_list(name: str, *, subtree: bool) -> str:
    """A name among the addresses that SpamAssassin has found."""
    above = f"(?:{_ABOVE})?" if subtree else ""
    return rf"^(?i:(?:https?|ftp)://{_USER}{above}{_spelt(name)})\.?(?:[/?:\x23]|$)"


def name_in_text(name: str, *, subtree: bool) -> str:
    """A name of letters outside of ASCII in running text, with a scheme or without one."""
    above = rf"(?:{_PART}\.)?" if subtree else ""
    scheme = rf"\b(?:https?|ftp)://(?:{_PART}@)?"
    return rf"(?i:(?:{scheme}|{_BEFORE}){above}{_letters(name)}){_AFTER_NAME}"


def page_in_list(url: str) -> str:
    """A web address among those that SpamAssassin has found. Raises Unwritable: `not_http`."""
    head, tail = _parts(url)
    return rf"^(?i:{_spelt(head)}){tail}$"


def page_in_text(url: str) -> str:
    """A web address that is cut in running text, whole. Raises Unwritable: `not_http`."""
    head, tail = _parts(url)
    return rf"\b(?i:{_letters(head)}){tail}{_AFTER_PAGE}"


def _parts(url: str) -> tuple[str, str]:
    """Scheme and host, whose case does not matter; and an expression of the rest."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https", "ftp"}:
        raise Unwritable("not_http")
    head = _head(url)
    tail = url[len(head) :]
    # Nobody writes the slash of an address without a path.
    end = f"/?{_literal(tail[1:])}" if parts.path == "/" else _literal(tail)
    cut = cut_in_text(tail) if _ENDS_IN_TEXT.isdisjoint(tail) else None  # running text is searched for the whole of it
    return head, f"(?:{end}|{_literal(cut)})" if cut else end


def _head(text: str) -> str:
    parts = urlsplit(text)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else text


def _spelt(text: str) -> str:
    """In A-labels, and in the letters that they stand for."""
    if not _beyond_ascii(text):
        return _literal(text)
    return f"(?:{_literal(text)}|{_letters(text, latin=True)})"


def _letters(text: str, *, latin: bool = False) -> str:
    """In letters, each of them in capitals too, composed or not; `latin`: in Latin-1 too, as `&eacute;` of a link."""
    return "".join(_letter(letter, latin) for letter in spellings(text)[-1])


def _letter(letter: str, latin: bool) -> str:
    if letter.isascii():
        return _literal(letter)
    cases = [letter, *([letter.upper()] if letter.upper() != letter and letter.upper().lower() == letter else [])]
    forms = [form.encode() for case in cases for form in (case, unicodedata.normalize("NFD", case))]
    forms += [case.encode("latin-1") for case in cases if latin and ord(case) < 256]
    return f"(?:{'|'.join(map(_bytes, dict.fromkeys(forms)))})"


def _literal(text: str) -> str:
    return _bytes(text.encode())


def _bytes(text: bytes) -> str:
    return _UNSAFE.sub(lambda found: b"\\x%02x" % found[0][0], text).decode()
