"""Files, tasks and pipes: where a text names them, and how one path is taken apart."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from iocmarket.kernel.match.keys import Key

PATH_MAX: Final = 1024
_QUOTED = re.compile(r"\"([^\"\n]{2,1024})\"")
_TOKEN = re.compile(r"[^\s\"'<>|,;=()*?]{2,1024}")
_WHOLE = re.compile(r"(?:[A-Za-z]:\\|\\\\|%\w{1,40}%\\)[^\"<>|*?\n\r\t]{1,1000}")
_ROOTED = re.compile(r"[A-Za-z]:[\\/]|\\|/|%\w{1,40}%[\\/]")
_EXTENSION = re.compile(r"[^\\/:]{1,250}\.[0-9A-Za-z_]{1,10}")
_TASKS = "\\system32\\tasks\\"
_PIPES = "\\\\.\\pipe\\"
_AFTER = ".,;:!?)]}"


def in_path(text: str) -> Iterator[Key]:
    """The files that a text names: in quotes, without spaces, or as the whole text."""
    if "." not in text and "\\" not in text and "/" not in text:
        return
    if _WHOLE.fullmatch(text) is not None:
        yield from path(text)
    for match in _QUOTED.finditer(text) if '"' in text else ():
        if _WHOLE.fullmatch(match[1]) or _EXTENSION.fullmatch(match[1]):
            yield from path(match[1])
    for match in _TOKEN.finditer(text):
        token = match[0]
        if "." in token or "\\" in token or "/" in token:
            yield from path(token.rstrip(_AFTER))


def path(text: str) -> Iterator[Key]:
    """The keys of one path, or of a name without one."""
    lower = text.strip().lower()
    if not 1 < len(lower) <= PATH_MAX or "://" in lower:
        return
    last = max(lower.rfind("\\"), lower.rfind("/"))
    if _ROOTED.match(lower) is not None and last < len(lower) - 1:
        yield Key("file-path", lower)
    if lower.startswith(_PIPES):
        yield Key("named-pipe", lower)
        return
    if (task := lower.find(_TASKS)) >= 0:
        yield Key("scheduled-task", lower[task + len(_TASKS) - 1 :])
    yield from filename(lower[last + 1 :])


def filename(text: str) -> Iterator[Key]:
    """The key of a name that has an ending."""
    lower = text.strip().lower()
    if _EXTENSION.fullmatch(lower) is not None:
        yield Key("filename", lower)
