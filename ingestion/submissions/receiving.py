"""From a request's body to what it sends: a short submission, read, or a long one, still streaming in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import chain, islice
from pathlib import PurePath
from typing import IO, Any, cast

import orjson
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile

from ingestion.readers import credentials, csv, stix_bundles, xlsx
from ingestion.readers.base import Row, RowReader, row_readers
from ingestion.readers.credentials import redacted
from ingestion.readers.files import FileContext, FileReader, Origin, Stolen, Tale, Told, file_readers
from ingestion.readers.tables import Layout
from ingestion.stolen.routing import Routed, Routing
from ingestion.submissions.choices import QUERY, Choices, read_choices
from ingestion.submissions.drafts import (
    ITEMS_MAX,
    LINE_MAX,
    InvalidRequest,
    ReportDraft,
    Sending,
    checked_items,
    frame_of,
    from_document,
    from_text,
    text_in,
)
from ingestion.submissions.parts import (
    Entry,
    drafts_of,
    entry_of_candidate,
    entry_of_draft,
    entry_of_item,
    entry_of_row,
)
from ingestion.submissions.remarks import hints
from iocmarket.api.bodies import loads, text_of
from iocmarket.api.parsers import JSON_CHARSETS
from iocmarket.api.problems import Problem
from iocmarket.api.spool import Body
from iocmarket.indicators.assets import verified_networks
from iocmarket.kernel import clock
from iocmarket.kernel.decision import Refusal
from iocmarket.kernel.marking import Marking

JSON, TEXT, STIX = "application/json", "text/plain", stix_bundles.MEDIA_TYPE
FORMAT = "format"
"""The query parameter that names the reader of a body of a general media type."""
COLUMNS = "columns"
"""The query parameter that says what each column of a table is for: roles (headings.py) with commas between them."""
REMEMBERED = "remembered"
"""Instead of the roles: those that the institution has said of a table with these headings before."""
HEAD = 4096
Memory = Callable[[Layout], tuple[str, ...]]
"""From a table to what its sender's institution has said of its columns before; empty for nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Long:
    """A submission of more than five hundred items, or of a text too long to be read at once; to be consumed once."""

    choices: Choices
    entries: Iterable[Entry] = ()
    text: Iterable[str] = ()
    """Redacted lines, which the worker reads."""
    lines_without_indicator: tuple[int, ...] = ()
    report: ReportDraft | None = None
    stories: tuple[ReportDraft, ...] = ()
    given: Mapping[str, Any] = field(default_factory=dict)
    defaults_at: str = "/defaults"
    accounts: Sequence[Routed] = ()
    """Stolen accounts of member institutions; complete once the entries are consumed."""


def media_types() -> frozenset[str]:
    """What can be sent."""
    files = (media_type for reader in file_readers for media_type in (*reader.media_types, *reader.carriers))
    return frozenset({JSON, TEXT, *_row_readers(), *files})


def _row_readers() -> dict[str, str]:
    return {media_type: reader.name for reader in row_readers for media_type in reader.media_types}


def _reader_of(body: Body, given: Mapping[str, Any]) -> tuple[FileReader | None, Mapping[str, Any]]:
    """The reader of files that a body is meant for, and what is said besides. Raises Problem for a format unknown."""
    wanted = given.get(FORMAT)
    said = {name: value for name, value in given.items() if name != FORMAT}
    if wanted is None:
        reader = next((reader for reader in file_readers if body.media_type in reader.media_types), None)
        if reader is not None and STIX in reader.media_types:
            _check_stix(body)
        if reader is None and body.media_type not in {JSON, TEXT, *_row_readers()}:
            reader = _by_head(body, [each for each in file_readers if body.media_type in each.carriers])
            if reader is None:
                detail = f"{body.media_type} may be many things: name the reader with ?{FORMAT}="
                raise Problem(415, "unsupported_format", detail, where="Content-Type")
        return reader, said
    reader = file_readers.get(str(wanted))
    if reader is None:
        known = ", ".join(reader.name for reader in file_readers)
        raise Problem(422, "unknown_format", f"{str(wanted)[:60]!r} is no format; one of {known}", where=f"?{FORMAT}")
    if body.media_type not in (*reader.media_types, *reader.carriers):
        detail = f"{reader.name} comes as {' or '.join((*reader.media_types, *reader.carriers))}"
        raise Problem(415, "unsupported_format", detail, where="Content-Type")
    return reader, said


def _check_stix(body: Body) -> None:
    if body.version not in {"", *stix_bundles.VERSIONS}:
        detail = f"STIX {' and '.join(sorted(stix_bundles.VERSIONS))} are read here, not {body.version[:20]!r}"
        raise Problem(415, "unsupported_version", detail, where="Content-Type")
    _check_json_charset(body)


def received(
    body: Body, given: Mapping[str, Any], *, sender: Callable[[], str], memory: Memory = lambda _layout: ()
) -> Sending | Long:
    """What a body and its query parameters say; `sender` tells the institution's name, `memory` what it said before.

    Raises Problem, Refusal or InvalidRequest.

    A Long raises the same while it is consumed.
    """
    if body.size == 0:
        raise Problem(422, "nothing_sent", "the body is empty", where="/")
    reader, given = _reader_of(body, given)
    if reader is None and body.media_type == JSON:
        return _document(body, given)
    columns, given = _columns(reader or row_readers.get(_row_readers().get(body.media_type, "")), given, body, memory)
    choices = read_choices(given, base=Choices(), where=QUERY, own=False)
    if reader is not None:
        return of_file(reader, body, choices, given, sender=sender, columns=columns)
    if body.media_type == TEXT:
        return of_text(body.size, lambda: text_of(body.read(), charset=body.charset), body.lines, choices, given)
    return of_rows(_row_readers()[body.media_type], body.lines(), choices, given, columns)


def _columns(
    reader: FileReader | RowReader | None, given: Mapping[str, Any], body: Body, memory: Memory
) -> tuple[tuple[str, ...], Mapping[str, Any]]:
    """What a sender says of the columns of a table, and the rest of what is given. Raises Problem, Refusal."""
    if reader is None or not reader.tabular or COLUMNS not in given:
        return (), given
    roles = tuple(word.strip() for word in str(given[COLUMNS]).split(","))
    if roles == (REMEMBERED,):
        layout = layout_in(body, reader.name)
        roles = memory(layout) if layout is not None else ()
        if not roles:
            detail = "of a table with these headings nobody of your institution has said what its columns are for"
            raise Problem(422, "nothing_remembered", detail, where=f"?{COLUMNS}")
    return roles, {name: value for name, value in given.items() if name != COLUMNS}


def layout_in(body: Body, reader: str) -> Layout | None:
    """What a table of that reader says of its columns; None when there is nothing to say. Raises Problem, Refusal."""
    return xlsx.layout_in(body) if reader == xlsx.Xlsx.name else csv.layout_in(body.lines())


def of_file(
    reader: FileReader,
    body: Body,
    choices: Choices,
    given: Mapping[str, Any],
    *,
    sender: Callable[[], str],
    columns: tuple[str, ...] = (),
    origin: Origin = Origin.NAMED,
) -> Sending | Long:
    """A file of one of the formats that are read as a whole: its items, and the report that it makes of them."""
    if body.size > reader.size_max:
        detail = f"{body.size} bytes; a file of the format {reader.name} has at most {reader.size_max}"
        raise Problem(413, "body_too_large", detail)
    name = sender()
    context = FileContext(
        sender=name,
        default=Marking(choices.tlp, choices.pap),
        moment=clock.now(),
        columns=columns,
        hints=hints(choices, given),
        own=partial(verified_networks, name),
        origin=origin,
    )
    opened = reader.opened(body, context)
    report = _report(opened.tale) if opened.tale else None
    stories = tuple(map(_report, opened.stories))
    routing = Routing()
    entries = (_entry(item, routing) for item in opened.items)
    return _of_entries(
        entries,
        choices,
        given,
        report=report,
        stories=stories,
        silent=opened.silent,
        accounts=routing.found,
    )


def _report(tale: Tale) -> ReportDraft:
    return ReportDraft(title=tale.title, description=tale.description, said=tale.said)


def _entry(item: Row | Told | Stolen, routing: Routing) -> Entry:
    if isinstance(item, Stolen):
        refusal = routing.take(item)
        return ["refused", item.line, credentials.BLANK, "account", refusal.code, refusal.detail]
    return entry_of_row(item) if isinstance(item, Row) else entry_of_candidate(item.candidate, item.said, item.story)


def of_text(
    size: int, whole: Callable[[], str], lines: Callable[[], Iterator[str]], choices: Choices, given: Mapping[str, Any]
) -> Sending | Long:
    """Free text: read at once when it is not too long."""
    if size > settings.BULK_READ_AT_ONCE:
        return Long(choices=choices, text=redacted(_no_endless(lines())), given=given, defaults_at=QUERY)
    sending = from_text(whole(), choices=choices, given=given)
    return sending if len(sending.drafts) <= ITEMS_MAX else _long(sending)


def of_rows(
    reader: str, lines: Iterable[str], choices: Choices, given: Mapping[str, Any], columns: tuple[str, ...] = ()
) -> Sending | Long:
    """A file of indicators line by line."""
    return _of_entries(map(entry_of_row, row_readers[reader].rows(lines, columns)), choices, given)


def _of_entries(
    entries: Iterator[Entry],
    choices: Choices,
    given: Mapping[str, Any],
    *,
    report: ReportDraft | None = None,
    stories: tuple[ReportDraft, ...] = (),
    silent: tuple[int, ...] = (),
    accounts: Sequence[Routed] = (),
) -> Sending | Long:
    start = list(islice(entries, ITEMS_MAX + 1))
    if len(start) > ITEMS_MAX:
        return Long(
            choices=choices,
            entries=chain(start, entries),
            lines_without_indicator=silent,
            report=report,
            stories=stories,
            given=given,
            defaults_at=QUERY,
            accounts=accounts,
        )
    return Sending(
        drafts=drafts_of(start, first=0, choices=choices, long=False),
        choices=choices,
        report=report,
        stories=stories,
        lines_without_indicator=silent,
        raw="\n".join(orjson.dumps(entry[2]).decode() for entry in start),
        given=given,
        defaults_at=QUERY,
        accounts=accounts,
    )


def in_text(text: str, choices: Choices, given: Mapping[str, Any]) -> Sending | Long:
    """What a person pasted."""
    return of_text(len(text), lambda: text, lambda: iter(text.splitlines(keepends=True)), choices, given)


def in_file(
    upload: UploadedFile[Any],
    choices: Choices,
    given: Mapping[str, Any],
    columns: tuple[str, ...] = (),
    *,
    sender: Callable[[], str],
) -> Sending | Long:
    """What a person chose from the disk, by its name, else by how it begins, else text. Raises as `received` does."""
    suffix = PurePath(upload.name or "").suffix.lower()
    rows = row_reader_of(suffix)
    media_type = rows.media_types[0] if rows else TEXT
    body = Body(media_type, "", upload.size or 0, b"", cast("IO[bytes]", upload.file))
    reader = _reader_of_file(suffix, body)
    if reader is not None:
        return of_file(reader, body, choices, given, sender=sender, columns=columns)
    if rows is None:
        return of_text(body.size, lambda: text_of(body.read()), body.lines, choices, given)
    return of_rows(rows.name, body.lines(), choices, given, columns)


def row_reader_of(suffix: str) -> RowReader | None:
    """The reader of rows that the ending of a file's name means."""
    return next((reader for reader in row_readers if suffix in reader.suffixes), None)


def _reader_of_file(suffix: str, body: Body) -> FileReader | None:
    if (named := next((reader for reader in file_readers if suffix in reader.suffixes), None)) is not None:
        return named
    return _by_head(body, file_readers)


def _by_head(body: Body, among: Iterable[FileReader]) -> FileReader | None:
    """The one of those that knows the beginning of a body for its own."""
    body.file.seek(0)
    head = body.file.read(HEAD)
    body.file.seek(0)
    return next((reader for reader in among if reader.is_mine(head)), None)


def endings() -> tuple[str, ...]:
    """The endings of file names that mean a format; a file of any other is read by how it begins, else as text."""
    return tuple(sorted({".txt", *(suffix for reader in (*row_readers, *file_readers) for suffix in reader.suffixes)}))


def _document(body: Body, given: Mapping[str, Any]) -> Sending | Long:
    _check_json_charset(body)
    document = loads(body.read())
    if given:
        where = f"{QUERY}{next(iter(given))[:60]}"
        raise Problem(400, "unknown_parameter", "a JSON body carries its own defaults", where=where)
    items = document.get("indicators") if isinstance(document, dict) else None
    text = document.get("text") if isinstance(document, dict) else None
    many = isinstance(items, list) and len(items) > ITEMS_MAX
    if not many and not (isinstance(text, str) and len(text) > settings.BULK_READ_AT_ONCE):
        sending = from_document(document)
        return sending if len(sending.drafts) <= ITEMS_MAX else _long(sending)
    return _long_document(document)


def _check_json_charset(body: Body) -> None:
    if body.charset.lower() not in JSON_CHARSETS:
        raise Problem(415, "unsupported_charset", "JSON is sent as UTF-8 (RFC 8259 section 8.1)")


def _long_document(document: dict[str, Any]) -> Long:
    """The same document when its values are not to be recognised yet; its faults are told at once all the same."""
    frame = frame_of(document)
    for _checked in checked_items(document, frame):
        pass
    text = text_in(document, frame.faults)
    if frame.faults:
        raise InvalidRequest(frame.faults)
    lines = text.splitlines(keepends=True) if text is not None else ()
    return Long(
        choices=frame.choices,
        entries=(entry_of_item(item, index) for index, item in enumerate(document.get("indicators") or ())),
        text=redacted(_no_endless(lines)),
        report=frame.report,
        given=frame.given,
    )


def _long(sending: Sending) -> Long:
    """What was read already, but is too much to be merged at once."""
    return Long(
        choices=sending.choices,
        entries=map(entry_of_draft, sending.drafts),
        lines_without_indicator=sending.lines_without_indicator,
        report=sending.report,
        given=sending.given,
        defaults_at=sending.defaults_at,
    )


def _no_endless(lines: Iterable[str]) -> Iterator[str]:
    for number, line in enumerate(lines, start=1):
        if len(line) > LINE_MAX:
            detail = f"the line has {len(line)} characters; at most {LINE_MAX}"
            raise InvalidRequest([Refusal("line_too_long", detail, where=f"line {number}")])
        yield line
