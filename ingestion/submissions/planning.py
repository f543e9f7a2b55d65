"""What each draft is: kept or refused, new to the sender or known, said once or repeated.

Reads only, and asks the same statements whatever the values are: a value that others hide and a value that nobody
knows cannot be told apart by what the database is asked.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from django.db.models import Count

from ingestion.submissions.drafts import Draft
from ingestion.submissions.models import Submission
from iocmarket.accounts.viewer import Viewer
from iocmarket.indicators.models import Contribution
from iocmarket.kernel.decision import Refusal
from iocmarket.kernel.ids import digest_of

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

    @property
    def kept(self) -> bool:
        """Whether it is stored."""
        return self.status != REFUSED


def plan(drafts: tuple[Draft, ...], *, viewer: Viewer, submission: Submission | None = None) -> list[Planned]:
    """One Planned for each draft, in order. Whether a kept one is accepted or refreshed, merging.py decides.

    `submission`: the long one of which these are a part; what its earlier parts said is not news from others.
    """
    planned = [_first_look(draft) for draft in drafts]
    digests = sorted({item.digest for item in planned if item.kept})
    known = _known(digests, viewer=viewer, submission=submission)
    seen = set() if submission is None else _said_before(digests, submission)
    for item in planned:
        if item.kept:
            item.known = known.get(item.digest, 0)
            if item.digest in seen:
                item.warnings.append("repeated")
            seen.add(item.digest)
    return planned


def _first_look(draft: Draft) -> Planned:
    if draft.refusal is not None or draft.canonical is None:
        return Planned(draft=draft, status=REFUSED, refusal=draft.refusal)
    return Planned(
        draft=draft,
        status=ACCEPTED,
        digest=digest_of(draft.type, draft.canonical.value),
        warnings=list(draft.canonical.warnings),
    )


def _known(digests: list[bytes], *, viewer: Viewer, submission: Submission | None) -> dict[bytes, int]:
    said = Contribution.objects.visible_to(viewer).filter(indicator__digest__in=digests or [b""])
    if submission is not None:
        said = said.exclude(submission=submission.public_id)
    rows = said.values("indicator__digest").annotate(institutions=Count("institution_id", distinct=True))
    return {bytes(digest): count for digest, count in rows.values_list("indicator__digest", "institutions")}


def _said_before(digests: list[bytes], submission: Submission) -> set[bytes]:
    """The values that stand in earlier parts."""
    if not submission.received:
        return set()
    rows = submission.items.filter(indicator__digest__in=digests or [b""])
    return {bytes(digest) for digest in rows.values_list("indicator__digest", flat=True)}
