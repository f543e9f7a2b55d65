"""From indicators in Dépôt to contributions, and back: what an object says now is what its institution says.

`settle` looks at the newest version of each indicator and at the reports around it, shares what follows from them, and
takes back what followed from earlier versions and does not any more. So one function serves a first post, a new
version, `revoked`, a report that comes later, and DELETE. The caller holds the Depot row in a transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any
from uuid import UUID

from django.db.models import F

from ingestion.readers import stix
from ingestion.readers.stix_markings import is_known, references
from ingestion.submissions.choices import Choices, read_choices
from ingestion.submissions.drafts import Draft, ReportDraft, Sending
from ingestion.submissions.models import Submission, SubmissionItem
from ingestion.submissions.services import submit
from iocmarket.accounts.models import Institution
from iocmarket.accounts.viewer import Viewer
from iocmarket.indicators.models import Contribution
from iocmarket.indicators.services import withdraw
from iocmarket.kernel import clock
from iocmarket.kernel.decision import Refusal
from iocmarket.kernel.marking import FULL
from sharing.taxii.envelopes import parse
from sharing.taxii.models import Depot, DepotObject, DepotStatement

CHUNK = 500
"""Indicators in one submission."""
STORIES = ("report", "grouping")
REMARKS = 3
"""Reasons that are told of one object."""

Documents = Mapping[str, Mapping[str, Any]]


@dataclass(slots=True)
class _Work:
    """One call of `settle`."""

    depot: Depot
    viewer: Viewer
    context: stix.Context
    statements: dict[tuple[UUID, int], DepotStatement]
    """What the indicators at hand have contributed so far."""
    kept: set[tuple[UUID, int]] = field(default_factory=set)
    remarks: dict[UUID, list[str]] = field(default_factory=dict)

    def remark(self, stix_id: UUID, text: str) -> None:
        """Something to tell of an object."""
        said = self.remarks.setdefault(stix_id, [])
        if text not in said and len(said) < REMARKS:
            said.append(text)


def settle(depot: Depot, ids: Iterable[UUID], *, viewer: Viewer, around: Documents) -> dict[UUID, str]:
    """Share and take back what follows from these indicators now; what is to be told of them, by id.

    `around` are definitions and identities that came with them, by STIX id.
    """
    # What an institution takes back of its own does not depend on which of its tokens asks.
    whole = replace(viewer, ceiling=FULL)
    remarks: dict[UUID, str] = {}
    pending = iter(dict.fromkeys(ids))
    while part := list(islice(pending, CHUNK)):
        told = _settle(depot, part, viewer=whole, around=around)
        remarks |= {stix_id: "; ".join(said) for stix_id, said in told.items()}
    return remarks


def _settle(depot: Depot, ids: Sequence[UUID], *, viewer: Viewer, around: Documents) -> dict[UUID, list[str]]:
    indicators = _documents(depot, ["indicator"], ids)
    stories = _stories(depot, list(indicators))
    work = _Work(depot, viewer, _context(depot, [*indicators.values(), *stories], around, viewer), _held(depot, ids))
    for story, told in _grouped(indicators, stories, work):
        _share(story, {stix_id: indicators[stix_id] for stix_id in told}, work)
    _take_back([row for key, row in work.statements.items() if key not in work.kept], work)
    return work.remarks


def _documents(depot: Depot, types: Sequence[str], ids: Sequence[UUID]) -> dict[UUID, Mapping[str, Any]]:
    """The newest versions of these objects that are not revoked, in the order in which they came."""
    rows = DepotObject.objects.filter(depot=depot, stix_type__in=types, stix_id__in=ids, is_last=True)
    found = {row.stix_id: parse(bytes(row.body)) for row in rows.order_by("date_added")}
    return {stix_id: document for stix_id, document in found.items() if document.get("revoked") is not True}


def _stories(depot: Depot, ids: Sequence[UUID]) -> list[Mapping[str, Any]]:
    rows = DepotObject.objects.filter(depot=depot, stix_type__in=STORIES, refs__overlap=list(ids), is_last=True)
    found = [parse(bytes(row.body)) for row in rows.order_by("date_added")] if ids else []
    return [document for document in found if document.get("revoked") is not True]


def _held(depot: Depot, ids: Sequence[UUID]) -> dict[tuple[UUID, int], DepotStatement]:
    rows = DepotStatement.objects.filter(depot=depot, stix_id__in=ids)
    return {(row.stix_id, row.contribution_id): row for row in rows}


def _context(depot: Depot, documents: Iterable[Mapping[str, Any]], around: Documents, viewer: Viewer) -> stix.Context:
    """What the objects refer to: markings that are not common knowledge, and who made them."""
    wanted: set[str] = set()
    for document in documents:
        wanted.update(reference for reference in references(document) if not is_known(reference))
        wanted.update(author for author in [document.get("created_by_ref")] if isinstance(author, str))
    found = {**definitions_in(depot, wanted - set(around)), **{name: around[name] for name in wanted & set(around)}}
    name = Institution.objects.values_list("name", flat=True).get(pk=viewer.institution_id)
    own = [name_ for name_, document in found.items() if stix.is_identity_of(document, name)]
    return stix.Context(definitions=found, own=own, moment=clock.now())


def definitions_in(depot: Depot, wanted: Iterable[str]) -> dict[str, Mapping[str, Any]]:
    """The marking definitions and identities of these ids that were posted before."""
    ids = [number for name in wanted if (number := _number(name)) is not None]
    if not ids:
        return {}
    types = ("marking-definition", "identity")
    rows = DepotObject.objects.filter(depot=depot, stix_type__in=types, stix_id__in=ids, is_last=True)
    return {str(row): parse(bytes(row.body)) for row in rows}


def _number(name: str) -> UUID | None:
    try:
        return UUID(name.partition("--")[2])
    except ValueError:
        return None


def _grouped(
    indicators: Mapping[UUID, Mapping[str, Any]], stories: Sequence[Mapping[str, Any]], work: _Work
) -> list[tuple[stix.Story | None, list[UUID]]]:
    """The indicators of each story; last those of none."""
    groups: list[tuple[stix.Story | None, list[UUID]]] = []
    told: set[UUID] = set()
    for document in stories:
        about = [number for name in stix.refers_to(document) if (number := _number(name)) in indicators]
        members = list(dict.fromkeys(number for number in about if number is not None))
        try:
            groups.append((stix.read_story(document, work.context), members))
            told.update(members)
        except Refusal as refusal:
            for stix_id in members:
                work.remark(stix_id, f"shared without its {document['type']}: {refusal.code}: {refusal.detail}")
    alone = [stix_id for stix_id in indicators if stix_id not in told]
    return [*groups, (None, alone)] if alone else groups


def _share(story: stix.Story | None, indicators: Mapping[UUID, Mapping[str, Any]], work: _Work) -> None:
    """One submission: these indicators, in this story."""
    drafts: list[Draft] = []
    sources: list[UUID] = []
    for line, (stix_id, document) in enumerate(indicators.items(), start=1):
        made = _drafts(stix.read_indicator(document, work.context, line=line), start=len(drafts))
        if made and made[0].choices.audience == "own":
            work.remark(stix_id, "kept to your institution: it names another originator and is AMBER or stricter")
        drafts += made
        sources += [stix_id] * len(made)
    base = Choices() if story is None else read_choices(story.said, base=Choices(), where="", own=False)
    report = None if story is None else ReportDraft(title=story.title, description=story.description)
    sending = Sending(drafts=tuple(drafts), choices=base, report=report)
    outcome = submit(sending, viewer=work.viewer, channel=Submission.Channel.TAXII)
    items = SubmissionItem.objects.filter(submission__public_id=str(outcome.public_id)).order_by("index")
    _note(list(items), sources, story, work)


def _drafts(statement: stix.Statement, *, start: int) -> list[Draft]:
    """The items of one indicator. What is wrong with what it says of its values refuses all of them."""
    choices, refusal = Choices(), statement.refusal
    if refusal is None:
        try:
            choices = read_choices(statement.said, base=choices, where="", own=True)
        except Refusal as wrong:
            refusal = wrong
    return [
        Draft(
            index=start + number,
            line=candidate.line,
            input=candidate.raw,
            type=candidate.type or "",
            canonical=None if refusal else candidate.canonical,
            refusal=refusal or candidate.refusal,
            choices=choices,
        )
        for number, candidate in enumerate(statement.candidates)
    ]


def _note(items: Sequence[SubmissionItem], sources: Sequence[UUID], story: stix.Story | None, work: _Work) -> None:
    """Remember which object said what, and what is to be told of it."""
    said = _statements_on(items, story, work)
    links: dict[tuple[UUID, int], Contribution] = {}
    for item, stix_id in zip(items, sources, strict=True):
        if item.status == SubmissionItem.Status.REFUSED:
            work.remark(stix_id, f"not shared: {item.reason}: {item.detail}")
        for warning in item.warnings:
            if warning != "repeated":
                work.remark(stix_id, warning)
        if item.indicator_id in said:
            contribution = said[item.indicator_id]
            links[stix_id, contribution.pk] = contribution
    accepted = {item.indicator_id for item in items if item.status == SubmissionItem.Status.ACCEPTED}
    _link(links, made={found.pk for indicator, found in said.items() if indicator in accepted}, work=work)


def _statements_on(
    items: Sequence[SubmissionItem], story: stix.Story | None, work: _Work
) -> dict[int | None, Contribution]:
    """The institution's live statements that these items made or renewed, by indicator."""
    kept = [item for item in items if item.status != SubmissionItem.Status.REFUSED]
    ids = {item.indicator_id for item in kept if item.indicator_id is not None}
    rows = Contribution.objects.visible_to(work.viewer).filter(
        institution_id=work.viewer.institution_id, indicator_id__in=ids
    )
    rows = rows.filter(report__isnull=True) if story is None else rows.filter(report__title=story.title)
    return {row.indicator_id: row for row in rows}


def _link(links: Mapping[tuple[UUID, int], Contribution], *, made: set[int], work: _Work) -> None:
    """Note the links; `made` are the contributions that did not exist before."""
    standing = {pk: contribution.refreshed_at for (_id, pk), contribution in links.items()}
    held = DepotStatement.objects.filter(depot=work.depot, contribution__in=standing)
    made = made | set(held.filter(made=True).values_list("contribution_id", flat=True))
    for moment in set(standing.values()):
        held.filter(contribution__in=[pk for pk, said in standing.items() if said == moment]).update(said_at=moment)
    fresh = [
        DepotStatement(depot=work.depot, stix_id=stix_id, contribution_id=pk, said_at=standing[pk], made=pk in made)
        for stix_id, pk in links
        if (stix_id, pk) not in work.statements
    ]
    for row in DepotStatement.objects.bulk_create(fresh):
        work.statements[row.stix_id, row.contribution_id] = row
    work.kept.update(links)


def _take_back(rows: Sequence[DepotStatement], work: _Work) -> None:
    """Forget these links, and withdraw what nothing else says any more."""
    if not rows:
        return
    DepotStatement.objects.filter(pk__in=[row.pk for row in rows]).delete()
    left = {row.contribution_id for row in rows if row.made}
    left -= set(DepotStatement.objects.filter(contribution__in=left).values_list("contribution_id", flat=True))
    said = {row.contribution_id: row.said_at for row in rows}
    standing = Contribution.objects.visible_to(work.viewer).filter(
        pk__in=left, institution_id=work.viewer.institution_id
    )
    # In the order in which every writer takes statements: two of them never wait for each other.
    for contribution in standing.order_by(F("indicator_id")):
        if contribution.refreshed_at <= said[contribution.pk]:
            withdraw(contribution, viewer=work.viewer)
