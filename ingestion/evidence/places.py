"""Paths as people of that machine write them, and names of folders of ours. Pure."""

from __future__ import annotations

import re

from ingestion.evidence.containers.base import Item

_SYSTEM = re.compile(
    r"(?:windows|users|program files(?: \(x86\))?|programdata|\$extend|\$recycle\.bin)(?:/|$)|\$", re.IGNORECASE
)
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


def machine_path(item: Item) -> str:
    """`C:\\Users\\…` on Windows, `/home/…` elsewhere."""
    return path_on(item.volume, item.path)


def path_on(volume: str, path: str) -> str:
    """The same of any path with forward slashes, relative to a volume; without one the first folder tells."""
    if volume:
        return f"{volume}:\\" + path.replace("/", "\\")
    if _SYSTEM.match(path):
        return "\\" + path.replace("/", "\\")
    return "/" + path


def name_of(path: str) -> str:
    """The last part of a path of either kind."""
    return path.replace("\\", "/").rpartition("/")[2]


def folder_name(said: str, otherwise: str) -> str:
    """A name for a folder out of one that an attacker may have chosen: letters, digits, dot, dash, underline."""
    return _UNSAFE.sub("_", said).lstrip(".")[:100] or otherwise
