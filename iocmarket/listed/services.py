"""What administrators do with warning lists; the only writer of their tables. Every act draws a new edition."""

from __future__ import annotations

import json
from typing import IO
from uuid import UUID, uuid4

from django.db import transaction

from iocmarket.audit.services import Actor, record
from iocmarket.indicators.recognise import recognise
from iocmarket.indicators.warninglists import Severity, warning_lists
from iocmarket.kernel import clock
from iocmarket.kernel.decision import Refusal
from iocmarket.listed import files
from iocmarket.listed.compiling import compiled
from iocmarket.listed.models import OFF, AddedList, Choice, Edition, Exemption
from iocmarket.listed.source import ENTRIES_MAX, LINE_MAX, Source, read_lines, read_misp

BYTES_MAX = 8 * 1024 * 1024
LISTS_MAX = 50
EXEMPTIONS_MAX = 2000
REASON_MAX = 400


def names() -> dict[str, Severity]:
    """Every list that there is, with the severity that it came with, in the order of their names."""
    index = files.newest()
    found = {held.name: held.severity for held in warning_lists}
    found |= {held.name: held.severity for held in (index.lists if index else ())}
    found |= {name: Severity(severity) for name, severity in AddedList.objects.values_list("name", "severity")}
    return dict(sorted(found.items()))


@transaction.atomic
def add_list(content: IO[bytes], *, label: str, severity: str, actor: Actor) -> AddedList:
    """Add a list, or a new version of one that was added: a warning list of MISP (JSON), or one value a line.

    Raises Refusal: `list_too_large`, `not_a_warning_list`, `list_empty`, `list_patterns`, `list_name`, `list_exists`,
    `too_many_lists`, `no_such_severity`.
    """
    source = _read(content, label, _severity(severity))
    if not source.name:
        raise Refusal("list_name", "the name of a list has letters or digits")
    added = AddedList.objects.select_for_update().filter(name=source.name).first()
    if added is None and source.name in names():
        raise Refusal("list_exists", f"the list {source.name!r} comes with the program")
    if added is None and AddedList.objects.count() >= LISTS_MAX:
        raise Refusal("too_many_lists", f"at most {LISTS_MAX} lists can be added")
    held, _made = AddedList.objects.update_or_create(
        name=source.name,
        defaults={
            "label": source.label, "version": source.version, "severity": source.severity.value,
            "entries": source.entries, "content": compiled([source]), "added_by_id": actor.member_id,
            "added_at": clock.now(),
        },
    )  # fmt: skip
    record(
        "warninglist.added", actor=actor, subject_type="warninglist",
        details={"list": held.name, "version": held.version, "count": held.entries},
    )  # fmt: skip
    _new_edition()
    return held


@transaction.atomic
def remove_list(name: str, *, actor: Actor) -> None:
    """Take out one that was added. Raises Refusal(`no_such_list`)."""
    if not AddedList.objects.filter(name=name).delete()[0]:
        raise Refusal("no_such_list", "no list of that name was added")
    Choice.objects.filter(list=name).delete()
    Exemption.objects.filter(list=name).delete()
    record("warninglist.removed", actor=actor, subject_type="warninglist", details={"list": name})
    _new_edition()


@transaction.atomic
def choose_severity(name: str, severity: str, *, actor: Actor) -> None:
    """What a hit on a list means from now on; `off` switches it off. The severity that it came with is no choice.

    Raises Refusal: `no_such_list`, `no_such_severity`.
    """
    held = names().get(name)
    if held is None:
        raise Refusal("no_such_list", "there is no list of that name")
    if severity != OFF:
        _severity(severity)
    if severity == held:
        Choice.objects.filter(list=name).delete()
    else:
        Choice.objects.update_or_create(list=name, defaults={"severity": severity})
    record(
        "warninglist.severity_chosen", actor=actor, subject_type="warninglist",
        details={"list": name, "severity": severity},
    )  # fmt: skip
    _new_edition()


@transaction.atomic
def add_exemption(value: str, *, name: str, reason: str, actor: Actor) -> Exemption:
    """One list (`""`: every one) does not count for a value. The journal tells neither value nor reason.

    Raises Refusal: `no_such_list`, `no_such_value`, `exemption_reason`, `exemption_exists`, `too_many_exemptions`.
    """
    if name and name not in names():
        raise Refusal("no_such_list", "there is no list of that name")
    reason = " ".join(reason.split())
    if not reason or len(reason) > REASON_MAX:
        raise Refusal("exemption_reason", f"an exception has a reason of at most {REASON_MAX} characters")
    try:
        canonical = recognise(value).canonical.value.lower()
    except Refusal as refusal:
        raise Refusal("no_such_value", refusal.detail) from refusal
    if len(canonical) > LINE_MAX:
        raise Refusal("no_such_value", f"a value of an exception has at most {LINE_MAX} characters")
    if Exemption.objects.filter(value=canonical, list=name).exists():
        raise Refusal("exemption_exists", "there is such an exception already")
    if Exemption.objects.count() >= EXEMPTIONS_MAX:
        raise Refusal("too_many_exemptions", f"there are at most {EXEMPTIONS_MAX} exceptions")
    made = Exemption.objects.create(value=canonical, list=name, reason=reason, added_by_id=actor.member_id)
    record(
        "warninglist.exemption_added", actor=actor, subject_type="exemption", subject_id=made.public_id,
        details={"list": name},
    )  # fmt: skip
    _new_edition()
    return made


@transaction.atomic
def remove_exemption(public_id: UUID, *, actor: Actor) -> None:
    """From now on the list counts for the value again. Raises Refusal(`no_such_exemption`)."""
    held = Exemption.objects.filter(public_id=public_id).first()
    if held is None:
        raise Refusal("no_such_exemption", "there is no such exception any more")
    held.delete()
    record(
        "warninglist.exemption_removed", actor=actor, subject_type="exemption", subject_id=public_id,
        details={"list": held.list},
    )  # fmt: skip
    _new_edition()


def _new_edition() -> None:
    Edition.objects.update_or_create(pk=1, defaults={"mark": uuid4()})


def _severity(text: str) -> Severity:
    try:
        return Severity(text)
    except ValueError:
        raise Refusal("no_such_severity", f"{text[:40]!r} is no severity") from None


def _read(content: IO[bytes], label: str, severity: Severity) -> Source:
    data = content.read(BYTES_MAX + 1)
    if len(data) > BYTES_MAX:
        raise Refusal("list_too_large", f"a list has at most {BYTES_MAX} bytes")
    try:
        text = data.decode("utf-8-sig")
        found = _parsed(text, label, severity)
    except (UnicodeDecodeError, RecursionError, ValueError) as error:
        raise Refusal("not_a_warning_list", "a list is MISP's JSON or one value a line, in UTF-8") from error
    if found.patterns:
        # One slow expression would stop every submission.
        raise Refusal("list_patterns", "lists of regular expressions are not taken")
    if not found.entries:
        raise Refusal("list_empty", "there is no value in the list")
    if found.entries > ENTRIES_MAX:
        raise Refusal("list_too_large", f"a list has at most {ENTRIES_MAX} values")
    return found


def _parsed(text: str, label: str, severity: Severity) -> Source:
    if text.lstrip().startswith("{"):
        document = json.loads(text)
        if isinstance(document, dict) and label.strip():
            document["name"] = label
        return read_misp(document, severity=severity)
    lines = [line[: LINE_MAX + 1] for line in text.splitlines()]
    if any(len(line) > LINE_MAX for line in lines):
        raise ValueError("a line is too long")
    return read_lines(lines, label=label, version=f"{clock.now():%Y%m%d}", severity=severity)
