"""Which submissions a viewer reads again: those of its institution, but for what one person told others."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from ingestion.submissions.models import Submission
from iocmarket.accounts.viewer import Viewer


def submissions_of(viewer: Viewer) -> QuerySet[Submission]:
    """Those of the viewer's institution; one with anything in TLP:RED is its author's alone."""
    own = Submission.objects.filter(institution_id=viewer.institution_id)
    if viewer.member_id is None:
        return own.filter(in_person=False)
    return own.filter(Q(in_person=False) | Q(author_id=viewer.member_id))
