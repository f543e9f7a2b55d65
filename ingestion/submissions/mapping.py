"""What each column of a table is for, as the page *Share* shows it and lets a person say otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import IO, Any, cast

from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ingestion.readers import xlsx
from ingestion.readers.headings import ANY, PASSED, UNKNOWN, holds_values, may_limit
from ingestion.readers.tables import Layout
from ingestion.submissions.receiving import layout_in
from ingestion.submissions.remembering import as_read, digest_of, recalled
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
_DUE = _("To be chosen: it may limit the sharing")
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
    remembered: bool
    """Whether they are read as the institution has said before."""


@dataclass(frozen=True, slots=True)
class Meant:
    """A table, and what its columns are for as far as anybody of the institution says."""

    layout: Layout
    said: tuple[str, ...] = ()
    """A role for each column, UNKNOWN where a choice is still due; empty: as the headings say."""
    before: tuple[str, ...] = ()
    """What was said before of tables with these headings; empty for nothing."""

    @property
    def roles(self) -> tuple[str, ...]:
        """What the table is read with: nothing before every choice is made that the headings leave open."""
        return () if UNKNOWN in self.said else self.said

    @property
    def key(self) -> str:
        """Which table is meant by what a page says of columns."""
        digest = digest_of(self.layout)
        return digest.hex() if digest is not None else f"untitled_{len(self.layout.roles)}"

    def columns(self) -> Columns | None:
        """What the page shows; None for a table of one column."""
        layout = self.layout
        if len(layout.roles) < 2:
            return None
        titles = layout.titles or tuple("" for _role in layout.roles)
        shown = [
            _column(number, title.strip(), role)
            for number, (title, role) in enumerate(zip(titles, self.said or layout.roles, strict=False), start=1)
        ]
        doubtful = bool(self.said) or UNKNOWN in layout.roles or as_read(layout) is None
        return Columns(self.key, shown, doubtful, bool(self.before) and self.said == self.before)


def meant_by(upload: UploadedFile[Any] | None, data: QueryDict, institution_id: int | None) -> Meant | None:
    """The table in an upload with what a person says of it now, else said before; None for anything but a table."""
    layout = _layout_of(upload) if upload else None
    if layout is None:
        return None
    before = recalled(layout, institution_id)
    said = tuple(data.getlist("column"))
    if data.get("table") == Meant(layout).key and len(said) == len(layout.roles):
        return Meant(layout, said, before)
    return Meant(layout, before, before)


def _column(number: int, title: str, role: str) -> Column:
    """One that may limit the sharing is passed over only when somebody says so (tables.py)."""
    if role == UNKNOWN and may_limit(title):
        return Column(number, title[:80], UNKNOWN, [(UNKNOWN, _DUE), *_choices(role)])
    return Column(number, title[:80], PASSED if role == UNKNOWN else role, _choices(role))


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
            return layout_in(body, "csv")
        return layout_in(body, xlsx.Xlsx.name) if suffix in xlsx.Xlsx.suffixes else None
    except (Problem, Refusal):
        return None  # said where the file itself is read
