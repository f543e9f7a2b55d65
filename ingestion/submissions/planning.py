"""What would become of each draft: accepted, refreshed or refused, and what the sender may know of it already.

Reads only, and asks the same statements whatever the values are: a value that others hide and a value that nobody
knows cannot be told apart by what the database is asked.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from django.db.models import Count

from ingestion.submissions.drafts import Draft, ReportDraft
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


def plan(drafts: tuple[Draft, ...], *, viewer: Viewer, report: ReportDraft | None) -> list[Planned]:
    """One Planned for each draft, in order."""
    planned = [_first_look(draft) for draft in drafts]
    digests = sorted({item.digest for item in planned if item.kept})
    mine = _mine(digests, viewer=viewer, report=report)
    known = _known(digests, viewer=viewer)
    seen: set[bytes] = set()
    for item in planned:
        if not item.kept:
            continue
        item.known = known.get(item.digest, 0)
        if item.digest in seen:
            item.status = REFRESHED
            item.warnings.append("repeated")
        elif item.digest in mine:
            item.status = REFRESHED
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


def _mine(digests: list[bytes], *, viewer: Viewer, report: ReportDraft | None) -> set[bytes]:
    rows = Contribution.unscoped.filter(
        institution_id=viewer.institution_id, withdrawn_at__isnull=True, indicator__digest__in=digests or [b""]
    )
    rows = rows.filter(report__title=report.title) if report else rows.filter(report__isnull=True)
    return {bytes(digest) for digest in rows.values_list("indicator__digest", flat=True)}


def _known(digests: list[bytes], *, viewer: Viewer) -> dict[bytes, int]:
    rows = (
        Contribution.objects.visible_to(viewer)
        .filter(indicator__digest__in=digests or [b""])
        .values("indicator__digest")
        .annotate(institutions=Count("institution_id", distinct=True))
    )
    return {bytes(digest): count for digest, count in rows.values_list("indicator__digest", "institutions")}
