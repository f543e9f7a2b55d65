"""What of an archive may be shared, and sharing it: the only way from evidence to the community.

A person of the case's institution ticks values; they become a submission like any other, with nothing in it that tells
where they come from: neither the case nor the archive, the machine, its people or the text of a record.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import Final

from django.db import transaction
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from ingestion.evidence import gleaning
from ingestion.evidence.models import Archive, SharedValues
from ingestion.evidence.proposing import Candidate, candidates
from ingestion.submissions.choices import Choices, read_choices
from ingestion.submissions.drafts import Draft, ReportDraft, Sending
from ingestion.submissions.models import Submission
from ingestion.submissions.planning import REFRESHED, Planned
from ingestion.submissions.pressure import check_rate
from ingestion.submissions.reasons import REASONS, WARNINGS
from ingestion.submissions.services import Outcome, preview, submit
from iocmarket.accounts.viewer import Viewer
from iocmarket.audit.services import Actor, record
from iocmarket.indicators import guard
from iocmarket.kernel import clock
from iocmarket.kernel.decision import Refusal
from iocmarket.kernel.ids import digest_of

_SHORT: Final = 4
"""Names of fewer characters are words of everything."""
_EVERYWHERE: Final = frozenset(
    {
        "admin", "administrateur", "administrator", "default", "guest", "invité", "local service", "localhost",
        "network service", "nt authority", "public", "root", "service local", "service réseau", "system", "système",
        "user", "utilisateur",
    }
)  # fmt: skip
"""Users of every machine, whose names tell nothing of this one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A candidate and whether it may leave."""

    key: str
    candidate: Candidate
    left_out: str = ""
    """The code of the reason why it may not; empty for one that may be ticked."""
    detail: str = ""
    known: int = 0
    """Institutions whose statement the reader sees; the own one counts."""

    @property
    def identity(self) -> tuple[str, str]:
        """The type and the canonical value."""
        return self.candidate.type, self.candidate.value


class Names:
    """What the source is called: no value and no text that leaves may say it."""

    def __init__(self, names: Iterable[str]) -> None:
        told = {name.casefold().strip() for name in names}
        told |= {part for name in told if name.count(".") > 1 for part in name.split(".", 1)}  # a host and its domain
        told = {name for name in told if len(name) >= _SHORT and name not in _EVERYWHERE}
        words = sorted(told, key=len, reverse=True)
        self._any = re.compile(r"(?<!\w)(?:" + "|".join(map(re.escape, words)) + r")(?!\w)") if words else None

    def said_in(self, text: str) -> bool:
        """Whether the text holds one of them as a word."""
        return self._any is not None and self._any.search(text.casefold()) is not None


def proposals_of(archive: Archive, *, viewer: Viewer) -> list[Proposal]:
    """The best candidates in their order, each with whether it may leave. Stores nothing."""
    records = list(gleaning.gleaned(archive))
    suspects = {one["file.name"] for one in records if one["event.dataset"] == "file.suspicious" and one["file.name"]}
    found = candidates(records, suspects=suspects)
    names = _names(archive)
    planned = preview(_sending(found, Choices()), viewer=viewer).items
    return [_proposal(candidate, item, names) for candidate, item in zip(found, planned, strict=True)]


def proposals_read(archive: Archive, *, viewer: Viewer) -> list[Proposal]:
    """The same, and the record of it being read."""
    found = proposals_of(archive, viewer=viewer)
    with transaction.atomic():
        record(
            "evidence.proposals_read", actor=Actor.of(viewer), subject_type="archive", subject_id=archive.public_id,
            details={"count": len(found)},
        )  # fmt: skip
    return found


def sending_of(
    chosen: Iterable[tuple[Proposal, str]], *, choices: Choices, title: str, text: str, given: dict[str, object]
) -> Sending:
    """The submission of what was ticked, each with its threat type ("" for the batch's). Raises Refusal."""
    pairs = list(chosen)
    sending = _sending([one.candidate for one, _threat in pairs], choices)
    drafts = tuple(
        replace(draft, choices=read_choices({"threat_type": threat}, base=choices, where="", own=True))
        if threat
        else draft
        for draft, (_one, threat) in zip(sending.drafts, pairs, strict=True)
    )
    return replace(sending, drafts=drafts, report=ReportDraft(title=title.strip(), description=text), given=given)


def checked(archive: Archive, sending: Sending, found: Iterable[Proposal]) -> Sending:
    """The sending if every value of it may leave, with a title. Raises Refusal: see `share`."""
    if not sending.drafts:
        raise Refusal("nothing_chosen", "choose at least one value", where="/indicators")
    free = {one.identity for one in found if not one.left_out}
    names = _names(archive)
    for draft in sending.drafts:
        if draft.canonical is None or (draft.type, draft.canonical.value) not in free:
            raise Refusal("not_proposed", "the value is not proposed", where=f"/indicators/{draft.index}")
    _check_texts(sending, names)
    report = sending.report
    title = (report.title if report else "") or _("Observed indicators, %(moment)s") % {
        "moment": f"{clock.now():%Y-%m-%d %H:%M} UTC"
    }
    description = report.description if report else ""
    drafts = tuple(replace(draft, input=draft.canonical.value if draft.canonical else "") for draft in sending.drafts)
    return replace(sending, drafts=drafts, raw="", report=ReportDraft(title=title, description=description))


@transaction.atomic
def share(archive: Archive, sending: Sending, *, viewer: Viewer, channel: Submission.Channel) -> Outcome:
    """Share what was ticked, as a report with its statements; the archive keeps a note of it, the submission none.

    Raises Refusal: `nothing_chosen`, `not_proposed`, `names_source`, and as `submit` does; ComeBackLater as
    `check_rate` does.
    """
    sent = checked(archive, sending, proposals_of(archive, viewer=viewer))
    check_rate(viewer, len(sent.drafts))
    outcome = submit(sent, viewer=viewer, channel=channel)
    if outcome.public_id is None:
        raise ValueError("what is submitted has an id")
    SharedValues.objects.create(archive=archive, submission=outcome.public_id, count=len(sent.drafts))
    record(
        "evidence.values_shared", actor=Actor.of(viewer), subject_type="archive", subject_id=archive.public_id,
        details={"count": len(sent.drafts)},
    )  # fmt: skip
    return outcome


def _names(archive: Archive) -> Names:
    case = archive.case
    told = {archive.filename, PurePath(archive.filename).stem, str(archive.public_id), str(case.public_id)}
    told |= {archive.sha256} | ({case.title} if " " in case.title else set())  # one word is a word like any other
    return Names(told | gleaning.names_of(archive))


def _check_texts(sending: Sending, names: Names) -> None:
    report = sending.report
    told = [("/report/title", report.title), ("/report/description", report.description)] if report else []
    told.append(("/defaults/comment", sending.choices.comment))
    for choices in {id(draft.choices): draft.choices for draft in sending.drafts}.values():
        told += [("/indicators", choices.comment), *(("/indicators", tag) for tag in choices.tags)]
    for where, text in told:
        if names.said_in(text):
            raise Refusal("names_source", "the text names the source", where=where)


def _sending(found: Iterable[Candidate], choices: Choices) -> Sending:
    return Sending(
        drafts=tuple(
            Draft(
                index=index, line=index + 1, input=one.value, type=one.type, canonical=one.canonical,
                refusal=one.refusal, choices=choices,
            )
            for index, one in enumerate(found)
        ),
        choices=choices,
    )  # fmt: skip


def _proposal(candidate: Candidate, item: Planned, names: Names) -> Proposal:
    code, detail = _left_out(candidate, item, names)
    return Proposal(
        key=digest_of(candidate.type, candidate.value).hex()[:16], candidate=candidate, left_out=code, detail=detail,
        known=max(item.known, int(item.status == REFRESHED)),
    )  # fmt: skip


def _left_out(candidate: Candidate, item: Planned, names: Names) -> tuple[str, str]:
    """Why a candidate may not leave, as a code and a sentence; both empty when it may."""
    if candidate.canonical is None or candidate.refusal:
        refusal = candidate.refusal
        return (refusal.code, str(REASONS.get(refusal.code, refusal.detail))) if refusal else ("unreadable", "")
    if names.said_in(candidate.value):
        return "own_machine", _("It names the machine, its domain or a person on it.")
    subject = guard.subject_of(candidate.type, candidate.value, subtree=bool(candidate.canonical.subtree))
    if subject.network and (label := guard.special_range(subject.network)):
        return label, f"{capfirst(str(guard.REASONS[label]))}."
    if "member_asset" in item.warnings:
        return "member_asset", str(WARNINGS["member_asset"])
    if item.lists:
        lists = ", ".join(hit.name for hit in item.lists)
        return "warning_list", _("It stands on warning lists: %(names)s.") % {"names": lists}
    return "", ""
