"""Strings as WMI objects hold them: a flag, then Latin-1 or UTF-16 up to a zero. Pure."""

from __future__ import annotations

from typing import Final

TEXT_MAX: Final = 32_768
"""Characters of one value that are kept; a script may be longer."""


def unescaped(name: str) -> str:
    """A name out of the path of an object, where quotes and backslashes stand behind a backslash."""
    return name.replace('\\"', '"').replace("\\\\", "\\")


def string(data: bytes, offset: int) -> str:
    """The string at that place. Raises ValueError for a place without one."""
    flag = data[offset : offset + 1]
    if flag == b"\0":
        return data[offset + 1 : offset + 1 + TEXT_MAX].partition(b"\0")[0].decode("latin-1")
    if flag == b"\1":
        return data[offset + 1 : offset + 1 + 2 * TEXT_MAX].decode("utf-16-le", "replace").partition("\0")[0]
    raise ValueError("a string begins with neither of its flags")
