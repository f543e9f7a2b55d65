"""What each draft is: kept or refused, new to the sender or known, said once or repeated.

Reads only, and asks the same statements whatever the values are: a value that others hide and a value that nobody
knows cannot be told apart by what the database is asked.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from django.db.models import Count

from ingestion.submissions.drafts import Draft
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


def plan(drafts: tuple[Draft, ...], *, viewer: Viewer) -> list[Planned]:
    """One Planned for each draft, in order. Whether a kept one is accepted or refreshed, merging.py decides."""
    planned = [_first_look(draft) for draft in drafts]
    known = _known(sorted({item.digest for item in planned if item.kept}), viewer=viewer)
    seen: set[bytes] = set()
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


def _known(digests: list[bytes], *, viewer: Viewer) -> dict[bytes, int]:
    rows = (
        Contribution.objects.visible_to(viewer)
        .filter(indicator__digest__in=digests or [b""])
        .values("indicator__digest")
        .annotate(institutions=Count("institution_id", distinct=True))
    )
    return {bytes(digest): count for digest, count in rows.values_list("indicator__digest", "institutions")}
