"""Where a URL ends in running text, a table or code: what no regular expression can decide.

A URL may contain brackets, commas and semicolons; what surrounds it uses the same characters. Each rule here looks at
a character once, so the cost is linear in the length of the match.
"""

from __future__ import annotations

import re

BODY = r"[^\s<>\"“”„«»‹›`|\\^]"
"""A character that a URL in running text may have."""

MAX_MATCH = 4200
"""Characters after which a match stops: `http://a/;http://a/;…` is cut at each `;` and matched again after it, which
without a bound would take time that grows with the square of its length. Just more than a value may have."""

_STOPS = r"[;,)'\]](?:(?!['(\[]?[A-Za-z]{2,6}://)|(?<=&amp;))"
_INNER = BODY[:-1] + r";,)'\]]"
REST_OF_URL = rf"(?={BODY}){_INNER}{{0,{MAX_MATCH}}}+(?:{_STOPS}{_INNER}{{0,{MAX_MATCH}}}+){{0,{MAX_MATCH}}}+"
"""What a URL in running text may have after its host; it stops where the next URL of a row of them begins."""

_REST = re.compile(f"{BODY}*+")
_PAIRS = {")": "(", "]": "[", "}": "{"}
_QUOTES = frozenset("'*_’")
_TRAILING = frozenset(".,;:!?'…’*")
_MARK = re.compile(r"[()\[\]{};,&?'*_’]")

# A new column or an HTML entity: `…/cas/;phishing`, `…,2024-10-03`, `…,http://`, `…&quot;`;
# not `;jsessionid=1`, `&amp;x`.
_COLUMN = re.compile(
    r"(?<!&amp);(?![\w.-]{1,40}=)|,(?=\d{4}-\d\d-\d\d|[a-z]{2,6}://|['\"]|$)|&(?:quot|gt|lt|apos|nbsp|#39);",
    re.IGNORECASE,
)


def end_of_url(text: str, start: int, end: int) -> int | None:
    """The end of the URL that begins at `start` and at most reaches `end`; None when nothing but a scheme remains."""
    cut, loose = _first_cut(text, start, end)
    if cut == end and end - start >= MAX_MATCH and (rest := _REST.match(text, end)) is not None:
        return rest.end()  # far too long, and refused as one value rather than read as many
    end = cut
    while end > start and (text[end - 1] in _TRAILING or (loose and loose[-1] == end - 1)):
        if loose and loose[-1] == end - 1:
            loose.pop()
        end -= 1
    return end if re.search(r"\w", text[start:end].partition("://")[2] or text[start:end]) else None


def _first_cut(text: str, start: int, end: int) -> tuple[int, list[int]]:
    """Where a character ends the URL for sure, and the closing brackets before it that nothing opened."""
    before = text[start - 1] if start else ""
    depth = dict.fromkeys(_PAIRS.values(), 0)
    loose: list[int] = []
    in_query = False
    for match in _MARK.finditer(text, start, end):
        position, mark = match.start(), match[0]
        opening = _PAIRS.get(mark, "")
        if _ends(text, position, end, before=before) or (
            mark == "["
            and not in_query
            and not _opens_host(text, position)
            and text.find("]", position, end + MAX_MATCH) >= 0
        ):
            return position, loose
        if mark == "?":
            in_query = True
        elif mark in depth:
            depth[mark] += 1
        elif opening and depth[opening]:
            depth[opening] -= 1
        elif opening and opening == before:
            return position, loose
        elif opening:
            loose.append(position)
    return end, loose


def _ends(text: str, position: int, end: int, *, before: str) -> bool:
    """Whether a quote closes that stood before the URL, or a column of a table ends."""
    mark = text[position]
    if mark in ";,&":
        return _COLUMN.match(text, position, end) is not None
    return mark in _QUOTES and mark == before


def _opens_host(text: str, position: int) -> bool:
    """Whether a bracket opens a literal IPv6 host.

    Elsewhere before a query it opens the label of an AsciiDoc link, unless nothing closes it in the rest of the line.
    """
    return text.endswith(("://", "@"), max(0, position - 3), position)
