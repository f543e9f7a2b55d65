"""Refanging: from the notations in which people write harmful values safely, back to the values.

Incident reports write `evil[.]org`, `hxxps[://]evil(dot)org`, `bob[at]evil[point]org`, half a bracket, a zero-width
space, a non-breaking hyphen. Everything here is pure and linear in the length of the text: each alternative of the
one regular expression is anchored to the start of a run, so hostile input cannot make it scan a run twice.

`refang` is for one value and is idempotent; `refang_line` also remembers where each character came from, so that a
reader can report a value as it was typed.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field

_SPACES = "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000\u2028\u2029"
_HYPHENS = "\u2010\u2011\ufe63\uff0d"
_LOOKALIKES = {
    **dict.fromkeys(map(ord, _SPACES), " "),
    **dict.fromkeys(map(ord, _HYPHENS), "-"),
    **dict.fromkeys(map(ord, "\u3002\uff0e\uff61\u2024\ufe52"), "."),
    **dict.fromkeys(map(ord, "\uff20\ufe6b"), "@"),
    **dict.fromkeys(map(ord, "\uff1a\ufe55\ua789"), ":"),
}
"""One character for one, so that positions do not move."""

_INVISIBLE = re.compile("[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff]+")
_ODD = re.compile("[" + "".join(map(chr, _LOOKALIKES)) + _INVISIBLE.pattern[1:-1])

_OPEN = r"[\[({<«‹\\]"
_CLOSE = r"[\])}>»›\\]"
_SCHEME = r"h(?:tt|xx|tx|xt|zz|yy|\*\*|__|--|\[tt\]|x|t)ps?|ttps?|meows?|s?fxps?|s?f\*\*ps?|s?ftps?"
_SLASHES = r"(?:[\[({]?[/\\][\])}]?){2,}+"

_NOTATION = re.compile(
    rf"""
    # How each of them begins: nine places in ten are passed over at once.
    (?-i:(?=[\[({{<«‹\\\]\ hHtTmMsSfF\u017f]))(?:
      # [hxxp://]evil.org, [hxxp]://evil.org
      [\[({{](?P<boxed>{_SCHEME})(?:\ ?:[\])}}]{_SLASHES} | :/{{2}}[\])}}] | [\])}}]\ ?[\[({{]?:[\])}}]?{_SLASHES})
      # hxxp://, http[:]//, https[://], http:\\, http:\/\/
    | (?<![A-Za-z0-9])(?P<scheme>{_SCHEME})\ ?[\[({{]?:[\])}}]?{_SLASHES}
      # [.] (dot) {{point}} «.» \[.\] and their like, with up to two spaces around
    | (?:(?<=\w)\ {{1,2}})?(?<!{_OPEN})(?:
        {_OPEN}+\ ?(?:(?P<dot>\.|dot|point|d0t)|(?P<at>@|at|arr?obase))\ ?{_CLOSE}+
      )(?:\ {{1,2}}(?=\w))?
    | (?P<comma>\[,\])
      # [:] [://] [/] [-]
    | [\[({{](?P<sign>://|:|//?|-)[\])}}]
      # evil[.org, evil.]org, evil\.org, evil.org\/path
    | (?P<half>(?<=\w)[\[({{](?=\.\w)|(?<=\w\.)\](?=\w)|(?<=\w)\\+(?=\.\w|/))
    )
    """,
    re.VERBOSE | re.IGNORECASE,
)
_BRACKET = re.compile(r"[\[({<«‹\\\]]")
_SPELLED = re.compile(r"(?<!h)ttp|h(?!ttps?://)\S{1,2}p|http(?!s?://)|https?:///|xp|meow|f\*\*p", re.IGNORECASE)
_IN_BRACKETS = re.compile(rf"{_OPEN}(?=[\[({{<«‹\\ .,:/@-]|d[o0]t|point|at|arr?obase|{_SCHEME})|\.\]", re.IGNORECASE)


def _may_hold_notation(text: str) -> bool:
    """False: no notation occurs. Most lines are passed over at this price."""
    if _BRACKET.search(text) is None:
        return ":" in text and "/" in text and _SPELLED.search(text) is not None
    if _IN_BRACKETS.search(text) is not None:
        return True
    return ":" in text and ("/" in text or "\\" in text)  # hxxp:]//


def _meant(match: re.Match[str]) -> str:
    """What one notation stands for."""
    kind = match.lastgroup
    if kind in {"boxed", "scheme"}:
        typed = match[kind]
        if match[0][len(typed) :] == "://" and typed.lower() in {"http", "https", "ftp", "ftps", "sftp"}:
            return match[0]
        # A third slash leaves no host before the path: kept, so that nobody takes the path for one unasked.
        return _scheme(typed.lower()) + ("://" if max(map(match[0].count, "/\\")) < _EMPTY_HOST else ":///")
    if kind in {"dot", "comma"}:
        return "."
    if kind == "at":
        return "@"
    return match["sign"] if kind == "sign" else ""


_EMPTY_HOST = 3


def _scheme(typed: str) -> str:
    secure = typed.endswith("s")
    if typed[0] in "htm":
        return "https" if secure else "http"
    if typed[0] == "s":
        return "sftp"
    return "ftps" if secure else "ftp"


@dataclass(slots=True)
class _Edits:
    """Which stretches of the output replace which stretches of the input, in order."""

    out_starts: list[int] = field(default_factory=list)
    out_ends: list[int] = field(default_factory=list)
    in_starts: list[int] = field(default_factory=list)
    in_ends: list[int] = field(default_factory=list)

    def start(self, position: int) -> int:
        """The input position of a stretch that starts at this output position."""
        index = bisect_right(self.out_starts, position) - 1
        if index < 0:
            return position
        if position < self.out_ends[index]:
            return self.in_starts[index]
        return self.in_ends[index] + position - self.out_ends[index]

    def end(self, position: int) -> int:
        """The input position of a stretch that ends (exclusively) at this output position."""
        index = bisect_left(self.out_starts, position) - 1
        if index < 0:
            return position
        if position <= self.out_ends[index]:
            return self.in_ends[index]
        return self.in_ends[index] + position - self.out_ends[index]


@dataclass(slots=True)
class Refanged:
    """A refanged line that still knows what was typed."""

    text: str
    typed: str
    _layers: tuple[_Edits, ...] = ()

    @property
    def has_moved(self) -> bool:
        """Whether anything in it stands elsewhere than it was typed."""
        return bool(self._layers)

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The stretch of the typed line that became `text[start:end]`."""
        for edits in self._layers:
            start, end = edits.start(start), edits.end(end)
        return start, end

    def raw(self, start: int, end: int) -> str:
        """What was typed for `text[start:end]`."""
        if not self._layers:
            return self.typed[start:end]
        first, last = self.span(start, end)
        return self.typed[first:last]


# The spelling of most reports: hxxps://evil[.]org/a, and nothing else that could be a notation.
_SIMPLE = re.compile(
    r"(?P<scheme>h(?:xx|XX|tt)p(?P<secure>s?)://(?![/\[]))?+(?P<rest>(?:[0-9A-Za-z_./?=&%@+#~-]|(?<=\w)\[\.\](?=\w))++)"
)


def refang(text: str) -> str:
    """One value without its defanging. Idempotent: what is refanged stays as it is."""
    if text.isascii():
        if not _may_hold_notation(text):
            return text
        if (simple := _SIMPLE.fullmatch(text)) is not None:
            return ("http" + simple["secure"] + "://" if simple["scheme"] else "") + simple["rest"].replace("[.]", ".")
    for _ in range(16):  # nested notations are rare and shallow; each pass takes one level off
        plain = refang_line(text).text
        if plain == text:
            break
        text = plain
        if text.isascii() and not _may_hold_notation(text):
            break
    return text


def refang_line(line: str) -> Refanged:
    """A line, or a text of many lines, with every notation replaced once, and the way back to what was typed.

    No notation reaches over the end of a line: all lines at once are what each of them is.
    """
    text, layers = line, []
    if not text.isascii() and _ODD.search(text) is not None:  # most of it is only French
        text, edits = _without_invisible(text.translate(_LOOKALIKES))
        layers.append(edits)
    if _may_hold_notation(text):
        text, edits = _replace_notations(text)
        if edits.in_starts:
            layers.append(edits)
    return Refanged(text, line, tuple(reversed(layers)))


# Where a notation may begin, most of all `[.]` within a word, which needs no second look; and the colon of a scheme
# that is not in its usual spelling.
_PLACES = re.compile(
    rf"""
    [\[({{<«‹\\\]](?:
        (?<=\w\[)\.\](?=\w)
      | (?<={_OPEN})(?<!{_OPEN}.)(?=[\[({{<«‹\\ .@]|(?i:d[o0]t|point|at|arr?obase))
      | (?<=[\[({{])(?=[,:/-]|(?i:{_SCHEME}))
      | (?<=\w\\)(?=/)
      | (?<=\.\])
    )
    """,
    re.VERBOSE | re.DOTALL,
)
_BESIDE = r"/\\\[({\])}"
_COLONS = re.compile(rf":(?!(?:(?<=http:)|(?<=https:)|(?<=ftp:))//[^{_BESIDE}])(?=[\])}}]?[\[({{]?[/\\])")
_SCHEME_BEFORE = re.compile(rf"(?<![A-Za-z0-9])(?:{_SCHEME})\ ?[\[({{]?\Z", re.IGNORECASE)
_LONGEST_SCHEME = 12
_DOT = "[.]"


def _places(text: str) -> list[tuple[int, bool]]:
    """Where notations may begin, in order, and whether there surely is a dot."""
    found = []
    for match in _PLACES.finditer(text):
        start, end = match.span()
        if end - start == len(_DOT):
            found.append((start, True))
        else:
            found.append((start - _spaces_before(text, start), False))
    colons = []
    for match in _COLONS.finditer(text):
        end = match.start()
        if (scheme := _SCHEME_BEFORE.search(text, max(0, end - _LONGEST_SCHEME), end)) is not None:
            colons.append((scheme.start(), False))
    return sorted(found + colons) if colons else found


def _spaces_before(text: str, place: int) -> int:
    """Up to two spaces after a word belong to the notation for a dot or an @."""
    for count in (1, 2):
        if text[place - count : place - count + 1] != " ":
            return 0
        before = text[place - count - 1 : place - count] if place > count else ""
        if before == "_" or before.isalnum():
            return count
    return 0


def _replace_notations(text: str) -> tuple[str, _Edits]:
    """Every notation once. As if it was looked for everywhere; but it is tried only where it may begin."""
    edits, pieces, position, length, meanings = _Edits(), list[str](), 0, 0, dict[str, str]()
    put_start, put_end = edits.out_starts.append, edits.out_ends.append
    took_start, took_end, put = edits.in_starts.append, edits.in_ends.append, pieces.append
    for place, is_dot in _places(text):
        if place < position:
            continue
        if is_dot:
            start, end, meant = place, place + 3, "."
        else:
            match = _NOTATION.match(text, place)
            if match is None and text[place] == " ":
                match = _NOTATION.match(text, _past_spaces(text, place))
            if match is None:
                continue
            start, end = match.span()
            typed = match[0]
            if (known := meanings.get(typed)) is None:
                known = meanings[typed] = _meant(match)
            meant = known
            if meant == typed:
                continue
        put(text[position:start])
        put(meant)
        length += start - position + len(meant)
        if len(meant) != end - start:  # hxxp:// moves nothing
            put_start(length - len(meant))
            put_end(length)
            took_start(start)
            took_end(end)
        position = end
    put(text[position:])
    return "".join(pieces), edits


def _past_spaces(text: str, place: int) -> int:
    while text[place : place + 1] == " ":
        place += 1
    return place


def _without_invisible(text: str) -> tuple[str, _Edits]:
    edits, pieces, position, length = _Edits(), [], 0, 0
    for match in _INVISIBLE.finditer(text):
        start, end = match.span()
        pieces.append(text[position:start])
        length += start - position
        edits.out_starts.append(length)
        edits.out_ends.append(length)
        edits.in_starts.append(start)
        edits.in_ends.append(end)
        position = end
    pieces.append(text[position:])
    return "".join(pieces), edits
