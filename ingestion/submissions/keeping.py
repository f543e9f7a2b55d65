"""What submissions keep of people: their rows in the table of retention, their file in an export."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from ingestion.submissions import idempotency, remembering, retention
from ingestion.submissions.models import ColumnMemory, KeptAnswer, Submission, SubmissionItem, SubmissionPart
from iocmarket.accounts.models import Institution, Member
from iocmarket.kernel import clock
from iocmarket.privacy.erasing import Forgetting, forgettings
from iocmarket.privacy.exporting import Portion, Rows, portions
from iocmarket.privacy.portions import rows
from iocmarket.privacy.retention import SECURITY, Rule
from iocmarket.privacy.retention import retention as table

_COLUMNS = (
    "public_id", "channel", "state", "raw", "received", "accepted", "refreshed", "refused", "created_at",
    "raw_purged_at",
)  # fmt: skip
_LINE = ("line", "input", "type", "value", "status", "reason", "detail", "warnings")


def register() -> None:
    """Called once, when the app is ready."""
    table.register(
        Rule(
            name="submissions.raw", what=_("Raw input, passwords blanked, and the text of refused lines"),
            models=("submissions.Submission", "submissions.SubmissionPart", "submissions.SubmissionItem"),
            kept=_("%(days)d days, then its hash"), basis=SECURITY, days=lambda: int(settings.RAW_INPUT_DAYS),
            due=lambda: retention.due().submissions, purge=lambda: retention.purge().submissions,
        ),
        Rule(
            name="submissions.answers", what=_("Answers kept for requests that are sent again"),
            models=("submissions.KeptAnswer",), kept=_("%(days)d day"), basis=SECURITY,
            days=lambda: idempotency.KEPT // timedelta(days=1), due=_old_answers, purge=idempotency.forget_old,
        ),
        Rule(
            name="submissions.columns", what=_("What an institution said of columns of tables: no heading, no cell"),
            models=("submissions.ColumnMemory",), kept=_("%(days)d days after the last use"), basis=SECURITY,
            days=lambda: remembering.UNUSED.days, due=lambda: remembering.unused().count(),
            purge=remembering.forget_unused,
        ),
    )  # fmt: skip
    portions.register(
        Portion(
            name="submissions", models=("submissions.Submission",), of_member=_of_member,
            of_institution=_of_institution,
        ),
        Portion(
            name="submission_lines", models=("submissions.SubmissionItem",),
            of_member=lambda member: _lines(Submission.objects.filter(author=member)),
            of_institution=lambda institution: _lines(_sent_by(institution)),
        ),
        Portion(
            name="columns_of_tables", models=("submissions.ColumnMemory",),
            of_institution=lambda institution: rows(
                ColumnMemory.objects.filter(institution=institution), ("roles", "used_at")
            ),
        ),
    )  # fmt: skip
    forgettings.register(
        Forgetting(
            models=("submissions.Submission", "submissions.SubmissionItem", "submissions.SubmissionPart"),
            forget=_forget_in_person,
        )
    )


def _forget_in_person(member: Member) -> None:
    """What a person sent in TLP:RED nobody else ever reads: the words go. What is on its way ends by itself."""
    ended = [Submission.State.DONE, Submission.State.FAILED]
    sent = Submission.objects.filter(author=member, in_person=True, state__in=ended)
    SubmissionItem.objects.filter(submission__in=sent).update(input="", detail="")
    SubmissionPart.objects.filter(submission__in=sent).delete()
    sent.update(raw="", raw_purged_at=clock.now())


def _old_answers() -> int:
    return KeptAnswer.objects.filter(created_at__lt=clock.now() - idempotency.KEPT).count()


def _of_member(member: Member) -> Rows:
    return rows(Submission.objects.filter(author=member), _COLUMNS)


def _of_institution(institution: Institution) -> Rows:
    return rows(_sent_by(institution), _COLUMNS)


def _sent_by(institution: Institution) -> QuerySet[Submission]:
    """Without what a person sent in TLP:RED: that is the person's alone."""
    return Submission.objects.filter(institution=institution, in_person=False)


def _lines(submissions: QuerySet[Submission]) -> Rows:
    """Submission by submission, which an index serves."""
    for pk, number in submissions.order_by("pk").values_list("pk", "public_id").iterator():
        for line in rows(SubmissionItem.objects.filter(submission=pk), _LINE):
            yield {"submission": number, **line}
