"""Where a URL ends in running text, a table or code: what no regular expression can decide.

A URL may contain brackets, commas and semicolons; what surrounds it uses the same characters. Each rule here looks at
a character once, so the cost is linear in the length of the match.
"""

from __future__ import annotations

import re

_PAIRS = {")": "(", "]": "[", "}": "{"}
_QUOTES = frozenset("'*_’")
_TRAILING = ".,;:!?'…’*"

# A new column or an HTML entity: `…/cas/;phishing`, `…,2024-10-03`, `…,http://`, `…&quot;`;
# not `;jsessionid=1`, `&amp;x`.
_COLUMN = re.compile(
    r"(?<!&amp);(?![\w.-]{1,40}=)|,(?=\d{4}-\d\d-\d\d|[a-z]{2,6}://|['\"]|$)|&(?:quot|gt|lt|apos|nbsp|#39);",
    re.IGNORECASE,
)


def end_of_url(text: str, start: int, end: int) -> int | None:
    """The end of the URL that begins at `start` and at most reaches `end`; None when nothing but a scheme remains."""
    column = _COLUMN.search(text, start, end)
    if column is not None:
        end = column.start()
    if start and text[start - 1] in _QUOTES and (closing := text.find(text[start - 1], start, end)) >= 0:
        end = closing
    # A bracket in the path opens the label of an AsciiDoc link; a literal IPv6 host and a query have their own.
    host = text.find("://", start, end) + 3
    label = text.find("[", host + 1 if host > start + 2 else start, end)
    if label >= 0 and "?" not in text[start:label]:
        end = label
    end = _balanced(text, start, end)
    return end if re.search(r"\w", text[start:end].partition("://")[2] or text[start:end]) else None


def _balanced(text: str, start: int, end: int) -> int:
    """Cut at a bracket that closes what was opened before the URL, then at trailing punctuation."""
    opened_before = text[start - 1] if start else ""
    depth = dict.fromkeys(_PAIRS.values(), 0)
    extra: list[int] = []
    for position in range(start, end):
        character = text[position]
        if character in depth:
            depth[character] += 1
        elif character in _PAIRS:
            opening = _PAIRS[character]
            if depth[opening]:
                depth[opening] -= 1
            elif opening == opened_before:
                end = position
                break
            else:
                extra.append(position)
    while end > start and (text[end - 1] in _TRAILING or (extra and extra[-1] == end - 1)):
        if extra and extra[-1] == end - 1:
            extra.pop()
        end -= 1
    return end
