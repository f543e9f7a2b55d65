"""What each draft is: kept or refused, new to the sender or known, said once or repeated.

Reads only, and asks the same statements whatever the values are: a value that others hide and a value that nobody
knows cannot be told apart by what the database is asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from django.db.models import Count

from ingestion.submissions.drafts import Draft
from ingestion.submissions.models import Submission, SubmissionItem
from ingestion.submissions.values import Held, before
from iocmarket.accounts.viewer import Viewer
from iocmarket.indicators.assets import Guarding, guarding
from iocmarket.indicators.guard import belonging, subject_of
from iocmarket.indicators.models import Contribution
from iocmarket.indicators.warninglists import Severity
from iocmarket.kernel.decision import Refusal
from iocmarket.kernel.ids import digest_of
from iocmarket.listed.index import Hit
from iocmarket.publication.gathering import among

ACCEPTED, REFRESHED, REFUSED = "accepted", "refreshed", "refused"


@dataclass(slots=True, kw_only=True)
class Planned:
    """One draft and what becomes of it."""

    draft: Draft
    status: str
    digest: bytes = b""
    refusal: Refusal | None = None
    known: int = 0
    """Institutions whose statement the sender sees already (0 = new to the sender)."""
    warnings: list[str] = field(default_factory=list)
    lists: tuple[Hit, ...] = ()
    """The warning lists that the value stands on, the gravest first."""

    @property
    def kept(self) -> bool:
        """Whether it is stored."""
        return self.status != REFUSED


def plan(drafts: Iterable[Draft]) -> list[Planned]:
    """One Planned for each draft, in order. Whether a kept one is accepted or refreshed, merging.py decides."""
    by = guarding()
    return [_first_look(draft, by) for draft in drafts]


def note_known(
    items: list[Planned], held: Mapping[bytes, Held], *, viewer: Viewer, submission: Submission | None = None
) -> None:
    """What the sender sees of each value already, and which values stand in the batch before. Before the merge.

    `submission`: the long one of which these are a part; what its earlier parts said is not news from others.
    """
    known = _known(held, viewer=viewer, submission=submission)
    seen = set() if submission is None else _said_before(held, submission)
    for item in items:
        if item.kept:
            row = held.get(item.digest)
            item.known = known.get(row.pk, 0) if row else 0
            if item.digest in seen:
                item.warnings.append("repeated")
            seen.add(item.digest)


def _first_look(draft: Draft, by: Guarding) -> Planned:
    if draft.refusal is not None or draft.canonical is None:
        return Planned(draft=draft, status=REFUSED, refusal=draft.refusal)
    value, warnings = draft.canonical.value, list(draft.canonical.warnings)
    subject = subject_of(draft.type, value, subtree=bool(draft.canonical.subtree))
    hits = tuple(by.lists.hits(subject))
    if hits:
        warnings.append(_LISTED[hits[0].severity])
    if belonging(subject, by.assets):
        warnings.append("member_asset")
    return Planned(
        draft=draft, status=ACCEPTED, digest=digest_of(draft.type, value), warnings=warnings, lists=hits
    )  # fmt: skip


_LISTED = {
    Severity.BLOCK_GUARD: "listed_never_blocked", Severity.CONFIRM: "listed_confirm", Severity.INFO: "listed_info",
}  # fmt: skip


def _known(held: Mapping[bytes, Held], *, viewer: Viewer, submission: Submission | None) -> dict[int, int]:
    # Never an empty list, which is written otherwise: the statements are the same whatever there is.
    said = Contribution.objects.visible_to(viewer).filter(among(Contribution, "indicator", list(before(held)) or [0]))
    if submission is not None:
        said = said.exclude(submission=submission.public_id)
    rows = said.values("indicator_id").annotate(institutions=Count("institution_id", distinct=True))
    return dict(rows.values_list("indicator_id", "institutions"))


def _said_before(held: Mapping[bytes, Held], submission: Submission) -> set[bytes]:
    """The values that stand in earlier parts."""
    if not submission.received:
        return set()
    digests = before(held)
    rows = submission.items.filter(among(SubmissionItem, "indicator", list(digests) or [0]))
    return {digests[pk] for pk in rows.values_list("indicator_id", flat=True) if pk is not None}
