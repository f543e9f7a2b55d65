"""The zone files that the name server reads: one for each subscriber, replaced as a whole or not at all."""

from __future__ import annotations

import os
import re
from collections.abc import Collection
from pathlib import Path

from iocmarket.accounts.roles import Scope
from iocmarket.accounts.viewer import Viewer
from sharing.feeds.bodies import Body
from sharing.feeds.formats.base import formats
from sharing.feeds.services import Feed, NotReady, Request
from sharing.transfer.models import Transfer
from sharing.transfer.services import options_of

_SERIAL = re.compile(rb"\bSOA\s+\S+\s+\S+\s+(\d+)\s")
_HEAD = 4096
"""Octets within which the SOA stands: comments and two directives come before it."""


def request_for(transfer: Transfer) -> Request:
    """The feed as this subscriber reads it. Raises NotReady while its views are being filled."""
    viewer = Viewer(
        institution_id=transfer.institution_id,
        ceiling=transfer.ceiling,
        scopes=frozenset({Scope.FEEDS_READ.value}),
        community_only=transfer.institution.reads_community_only,
    )
    return Request(viewer, formats["rpz"], options_of(transfer.action, transfer.target))


def label_of(transfer: Transfer) -> str:
    """Names its view and its file."""
    return transfer.public_id.hex


def refresh(transfer: Transfer, folder: Path) -> bool:
    """Write its zone if the content changed since; whether it did. What is not ready yet stays as it is."""
    path = folder / f"{label_of(transfer)}.zone"
    held = _serial_in(path)
    try:
        request = request_for(transfer)
        if held is not None and request.serial() == held:
            return False
        feed = request.feed()
        if feed.serial == held:
            return False
        _write(path, feed)
    except (NotReady, FileNotFoundError):  # a file of the feed vanished meanwhile: the next look writes it again
        return False
    return True


def forget(folder: Path, kept: Collection[str]) -> None:
    """Remove what no subscriber that is served needs: nobody else's business lies about."""
    for path in folder.iterdir():
        label = path.name.partition(".zone")[0]
        if ".zone" in path.name and label not in kept:
            path.unlink(missing_ok=True)


def has_zone(folder: Path, label: str) -> bool:
    """Whether there is something to serve."""
    return (folder / f"{label}.zone").exists()


def _serial_in(path: Path) -> int | None:
    try:
        with path.open("rb") as file:
            found = _SERIAL.search(file.read(_HEAD))
    except FileNotFoundError:
        return None
    return int(found[1]) if found else None


def _write(path: Path, feed: Feed) -> None:
    beside = path.with_suffix(".zone.new")
    body = Body(feed.parts())
    try:
        with beside.open("wb") as file:
            for piece in body:
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
    finally:
        body.close()
    beside.replace(path)
    # The server reads a file that is younger than its last reading: the moment of the renaming counts, not of writing.
    os.utime(path)
