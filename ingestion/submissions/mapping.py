"""What each column of a table is for, as the page *Share* shows it and lets a person say otherwise."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import IO, Any, cast

from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ingestion.readers import csv, xlsx
from ingestion.readers.headings import ANY, PASSED, UNKNOWN, holds_values
from ingestion.readers.tables import Layout
from iocmarket.api.problems import Problem
from iocmarket.api.spool import Body
from iocmarket.kernel.decision import Refusal

ROLES: dict[str, Promise] = {
    PASSED: _("Passed over"),
    ANY: _("Indicator"),
    "type": _("Type of the indicator"),
    "comment": _("Comment"),
    "tags": _("Labels"),
    "threat_type": _("Threat"),
    "tlp": _("TLP"),
    "pap": _("PAP"),
    "marking": _("TLP and PAP"),
    "confidence": _("Confidence"),
    "first_seen": _("First seen"),
    "last_seen": _("Last seen"),
    "valid_until": _("Valid until"),
}
"""What a person may choose; roles that need more than a word are read where a heading says them."""
_TEXTS = frozenset({".csv", ".tsv"})


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its heading or its number, and what it may be for, the present role first said."""

    number: int
    title: str
    role: str
    choices: list[tuple[str, str | Promise]]


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of the table that was chosen."""

    key: str
    """Equal for the same headings: what was said of another table is not meant for this one."""
    columns: list[Column]
    doubtful: bool
    """Whether a person should look at them: one is not known, or the table cannot be read so."""


def columns_said(upload: UploadedFile[Any], data: QueryDict) -> tuple[str, ...]:
    """The roles that a person has chosen for this very table; none when nothing was chosen."""
    layout = _layout_of(upload) if data.get("table") else None
    said = tuple(data.getlist("column"))
    return said if layout is not None and data.get("table") == _key(layout) and len(said) == len(layout.roles) else ()


def columns_of(upload: UploadedFile[Any] | None, data: QueryDict) -> Columns | None:
    """What to show of the columns of an upload; None for anything but a table of several columns."""
    layout = _layout_of(upload) if upload else None
    if upload is None or layout is None or len(layout.roles) < 2:
        return None
    said = columns_said(upload, data)
    roles = said or layout.roles
    titles = layout.titles or tuple("" for _role in roles)
    columns = [
        Column(number, title.strip()[:80], PASSED if role == UNKNOWN else role, _choices(role))
        for number, (title, role) in enumerate(zip(titles, roles, strict=True), start=1)
    ]
    return Columns(_key(layout), columns, bool(said) or UNKNOWN in layout.roles or layout.fault() is not None)


def _choices(role: str) -> list[tuple[str, str | Promise]]:
    labels: Mapping[str, Promise] = ROLES
    if holds_values(role) and role != ANY:
        return [(role, ROLES[ANY]), *((each, label) for each, label in labels.items() if each != ANY)]
    own = [] if role in ROLES or role == UNKNOWN else [(role, role.replace("_", " "))]
    return [*own, *labels.items()]


def _layout_of(upload: UploadedFile[Any]) -> Layout | None:
    """The layout of the table in a file, by the ending of its name; None when there is none to be read."""
    suffix = PurePath(upload.name or "").suffix.lower()
    body = Body("", "", upload.size or 0, b"", cast("IO[bytes]", upload.file))
    try:
        if suffix in _TEXTS:
            return csv.layout_in(body.lines())
        return xlsx.layout_in(body) if suffix in xlsx.Xlsx.suffixes else None
    except (Problem, Refusal):
        return None  # said where the file itself is read


def _key(layout: Layout) -> str:
    said = "\n".join([*(layout.titles or ("",)), str(len(layout.roles))])
    return hashlib.sha256(said.encode(errors="replace")).hexdigest()[:32]
