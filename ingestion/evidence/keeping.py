"""What evidence keeps, for how long, who takes it along, and what is shredded when an institution is erased."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db.models import F, QuerySet
from django.utils.translation import gettext_lazy as _

from ingestion.evidence.archives import shred
from ingestion.evidence.models import Archive, Case, CustodyEntry, Guest, SharedValues
from ingestion.evidence.working import drop_unknown
from iocmarket.accounts.models import Institution, Member
from iocmarket.audit.services import PLATFORM
from iocmarket.kernel import clock
from iocmarket.privacy.erasing import Forgetting, forgettings
from iocmarket.privacy.erasing_institutions import afterwards
from iocmarket.privacy.exporting import Portion, Rows, portions
from iocmarket.privacy.portions import rows
from iocmarket.privacy.retention import PROOF, SECURITY, Rule, retention

_CASE = ("public_id", "title", "tlp", "created_at")
_ARCHIVE = ("public_id", "filename", "size", "sha256", "received_at", "state", "host", "os", "collected_at", "records")
_LINE = ("position", "at", "act", "sha256", "details", "digest")


def _old() -> QuerySet[Archive]:
    kept = Archive.objects.exclude(state=Archive.State.SHREDDED)
    return kept.filter(received_at__lt=clock.now() - timedelta(days=settings.EVIDENCE_DAYS))


def _purge() -> int:
    return sum(shred(archive, actor=PLATFORM) for archive in list(_old()))


def _of_institution(institution: Institution) -> Rows:
    yield from rows(
        Archive.objects.filter(case__institution=institution), _ARCHIVE, case_id_public=F("case__public_id")
    )


def register() -> None:
    """Called once, when the app is ready."""
    retention.register(
        Rule(
            name="evidence.archives",
            what=_("Archives of machines, what was made of them, and uploads on their way"),
            models=(
                "evidence.Archive", "evidence.ArtefactState", "evidence.Finding", "evidence.Hit", "evidence.Upload",
            ),
            kept=_("%(days)d days after they were received, or until they are shredded; uploads until they expire"),
            basis=SECURITY, days=lambda: int(settings.EVIDENCE_DAYS), due=lambda: _old().count(), purge=_purge,
        ),
        Rule(
            name="evidence.cases", what=_("Cases, their guests, and the chain of custody"),
            models=(
                "evidence.Case", "evidence.Guest", "evidence.CustodyEntry", "evidence.Followed",
                "evidence.SharedValues",
            ),
            kept=_("until the institution is erased"), basis=PROOF,
        ),
    )  # fmt: skip
    portions.register(
        Portion(
            name="evidence_cases", models=("evidence.Case",),
            of_institution=lambda institution: rows(Case.objects.filter(institution=institution), _CASE),
        ),
        Portion(
            name="evidence_archives", models=("evidence.Archive",), of_institution=_of_institution,
        ),
        Portion(
            name="evidence_custody", models=("evidence.CustodyEntry",),
            of_member=lambda member: rows(CustodyEntry.objects.filter(member=member), _LINE),
            of_institution=lambda institution: rows(CustodyEntry.objects.filter(case__institution=institution), _LINE),
        ),
        Portion(
            name="evidence_shared", models=("evidence.SharedValues",),
            of_institution=lambda institution: rows(
                SharedValues.objects.filter(archive__case__institution=institution), ("submission", "count", "at"),
                archive_id_public=F("archive__public_id"),
            ),
        ),
        Portion(
            name="evidence_guest_of", models=("evidence.Guest",),
            of_member=lambda member: rows(Guest.objects.filter(member=member), ("public_id", "invited_at")),
        ),
    )  # fmt: skip
    forgettings.register(Forgetting(models=("evidence.Guest",), forget=_forget))
    afterwards.append(_shred_unknown)


def _forget(member: Member) -> None:
    Guest.objects.filter(member=member).delete()


def _shred_unknown() -> None:
    drop_unknown()
