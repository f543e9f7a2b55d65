"""The page *Share*: paste, look at what every line becomes, share; then what became of it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods

from ingestion.submissions.drafts import InvalidRequest, Sending
from ingestion.submissions.edits import Edited, edited, mark_of
from ingestion.submissions.forms import AS_THE_TEXT_SAYS, USUAL, ShareForm
from ingestion.submissions.lines import PAGE as PAGE_LINES
from ingestion.submissions.lines import account_of, account_of_all, lines_after, lines_before, page_of, proposals_of
from ingestion.submissions.mapping import Meant, meant_by
from ingestion.submissions.models import Submission
from ingestion.submissions.pressure import check_rate
from ingestion.submissions.queueing import enqueue
from ingestion.submissions.reading import submissions_of
from ingestion.submissions.reasons import failure_of, fault_of
from ingestion.submissions.receiving import Long, endings, in_file, in_text
from ingestion.submissions.remembering import forget, remember
from ingestion.submissions.services import Outcome, preview, submit
from iocmarket.accounts.models import Circle, Institution, Member
from iocmarket.accounts.roles import Scope
from iocmarket.accounts.viewer import Viewer, viewer_of_member
from iocmarket.accounts.views import member_of
from iocmarket.api.problems import Problem
from iocmarket.api.uploads import TOO_LARGE
from iocmarket.indicators.threats import ThreatType
from iocmarket.kernel.decision import Refusal

LONG_SEEN = "long"
"""What stands for having looked at a batch too long to be shown."""
PAGE, LINES = "submissions/share.html", "submissions/share_lines.html"
SAMPLE = "185.220.101[.]45\nhxxps://connexion-cas-valbrune[.]top/login\n9e107d9d372bb6826bd81d3542a419d6"


@login_required
@require_http_methods(["GET", "POST"])
def share(request: HttpRequest) -> HttpResponse:
    """Paste → look → share. Without scripts each step is a page; with them the look follows the typing."""
    member = member_of(request)
    if Scope.INDICATORS_WRITE not in viewer_of_member(member).scopes:
        return render(request, "submissions/read_only.html", status=403)
    form = ShareForm(
        request.POST or None, request.FILES or None, institutions=others_of(member), circles=circles_of(member)
    )
    context: dict[str, Any] = {
        "form": form,
        "sample": SAMPLE,
        **_threats(form),
        "others": len(form.institutions),
        "endings": endings(),
        "step": 1,
    }
    if request.method == "POST" and form.is_valid():
        table = _table(request, member, form)
        answer = _answer(request, member, form, table)
        if isinstance(answer, UUID):
            return redirect("shared", answer)
        context |= answer
        context["columns"] = table.columns() if table else None
    template = _template(request)
    # htmx shows nothing of an answer above 400: what is wrong while typing is an answer like any other.
    status = 422 if form.is_bound and form.errors and template == PAGE else 200
    return render(request, template, context, status=status)


@login_required
@require_GET
def shared(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """What became of every line of one submission of the own institution; it can be read again at any time."""
    submission = _own(request, public_id)
    may_write = Scope.INDICATORS_WRITE in viewer_of_member(member_of(request)).scopes
    writes = may_write and bool(submission.accepted or not submission.is_finished)
    if submission.is_long:
        return render(request, "submissions/shared.html", {**_long_page(request, submission), "writes": writes})
    lines = lines_after(submission)
    context = {"submission": submission, "lines": lines, "step": 3, "writes": writes, **account_of(lines)}
    return render(request, "submissions/shared.html", context)


@login_required
@require_GET
def progress(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """How far a long submission is: asked for by its page, again and again until it is done."""
    submission = _own(request, public_id)
    if not getattr(request, "htmx", False):
        return redirect("shared", public_id)
    answer = render(request, "submissions/progress.html", {"submission": submission})
    if submission.is_finished:
        answer["HX-Refresh"] = "true"
    return answer


def _own(request: HttpRequest, public_id: UUID) -> Submission:
    viewer = viewer_of_member(member_of(request))
    return get_object_or_404(submissions_of(viewer).select_related("author"), public_id=public_id)


def _long_page(request: HttpRequest, submission: Submission) -> dict[str, Any]:
    context: dict[str, Any] = {"submission": submission, "step": 3, "kept": 0}
    if not submission.is_finished:
        return context
    after, review = request.GET.get("after", ""), request.GET.get("show") == "review"
    lines = page_of(submission, after=int(after) if after.isdigit() and len(after) < 10 else -1, review=review)
    return {
        **context,
        "lines": lines[:PAGE_LINES],
        "only_review": review,
        "first_page": not after,
        "failure": failure_of(submission.failure),
        "older": lines[PAGE_LINES - 1].index if len(lines) > PAGE_LINES else None,
        **account_of_all(submission),
    }


def _template(request: HttpRequest) -> str:
    looking = request.method == "POST" and request.POST.get("act") != "share"
    return LINES if looking and getattr(request, "htmx", False) else PAGE


def _table(request: HttpRequest, member: Member, form: ShareForm) -> Meant | None:
    """The table that was chosen, if it is one; what was said of its kind before is forgotten when that is asked for."""
    table = meant_by(form.cleaned_data["file"], request.POST, member.institution_id)
    if table is None or request.POST.get("act") != "forget":
        return table
    forget(table.layout, viewer=viewer_of_member(member))
    return Meant(table.layout)


def _answer(request: HttpRequest, member: Member, form: ShareForm, table: Meant | None) -> dict[str, Any] | UUID:
    """The look, or the id of what was shared. Only what was looked at is shared: nothing leaves unseen."""
    try:
        sent = _sent(request, form, member, table)
        if sent is None:
            return {}
        viewer = viewer_of_member(member)
        if isinstance(sent, Long):
            return _long(request, sent, viewer, form, table)
        looked = edited(sent, request.POST)
        seen, mark = request.POST.get("seen"), mark_of(looked.sending)
        sharing = request.POST.get("act") == "share"
        if sharing and seen == mark:
            return _shared(request, looked.sending, viewer, table)
        outcome = preview(looked.sending, viewer=viewer)
        return {"seen": mark, "changed": sharing and seen, **_file_of(form), **_looked(request, outcome, looked)}
    except InvalidRequest as invalid:
        form.add_error("text", fault_of(invalid.faults[0]))
    except Problem as problem:
        form.add_error("text", fault_of(Refusal(problem.code, str(problem.detail), where=problem.where)))
    except Refusal as refusal:
        form.add_error(None, fault_of(refusal))
    return {}


def _sent(request: HttpRequest, form: ShareForm, member: Member, table: Meant | None) -> Sending | Long | None:
    """The file that was chosen, or else what was pasted; None for neither."""
    text, upload = form.cleaned_data["text"], form.cleaned_data["file"]
    if request.META.get(TOO_LARGE):
        raise Problem(413, "body_too_large", "the file is too large")
    if upload:
        return in_file(
            upload, form.choices, form.said, table.roles if table else (),
            sender=lambda: member.institution.name if member.institution else "",
        )  # fmt: skip
    if text.strip():
        return in_text(text, form.choices, form.said)
    if request.POST.get("act") == "share" and request.POST.get("seen"):
        raise Problem(422, "file_forgotten", "a browser without scripts forgets the file that was chosen")
    return None


def _file_of(form: ShareForm) -> dict[str, Any]:
    """What the page says of the file that it has read."""
    upload = form.cleaned_data["file"]
    return {"file_read": upload.name, "text_waits": bool(form.cleaned_data["text"].strip())} if upload else {}


def _shared(request: HttpRequest, sending: Sending, viewer: Viewer, table: Meant | None) -> UUID:
    check_rate(viewer, len(sending.drafts))
    outcome = submit(sending, viewer=viewer, channel=Submission.Channel.WEB)
    _remember(table, viewer)
    _say(request, outcome)
    if outcome.public_id is None:
        raise ValueError("what is submitted has an id")
    return outcome.public_id


def _remember(table: Meant | None, viewer: Viewer) -> None:
    if table is not None and table.roles:
        remember(table.layout, table.roles, viewer=viewer)


def _threats(form: ShareForm) -> dict[str, Any]:
    """The threats to choose from: the channel's own words first, the others behind a lid."""
    usual = [(kind.value, kind.label) for kind in ThreatType if kind.value in USUAL]
    unusual = [(kind.value, kind.label) for kind in ThreatType if kind.value not in USUAL]
    chosen = form["threat_type"].value()
    return {
        "usual": [("", AS_THE_TEXT_SAYS), *usual],
        "unusual": unusual,
        "other_threat": any(value == chosen for value, _label in unusual),
    }


def _looked(request: HttpRequest, outcome: Outcome, looked: Edited) -> dict[str, Any]:
    lines = lines_before(outcome, looked)
    return {
        "step": 2,
        "show": request.POST.get("show", ""),
        "lines": lines,
        "proposals": proposals_of(looked),
        "proposals_hidden": looked.proposals_hidden,
        "without": outcome.lines_without_indicator,
        "looked": True,
        **account_of(lines),
    }


def _long(
    request: HttpRequest, sent: Long, viewer: Viewer, form: ShareForm, table: Meant | None
) -> dict[str, Any] | UUID:
    """More than can be looked at line by line: the button that shares says so, and the account comes afterwards."""
    if request.POST.get("act") == "share" and request.POST.get("seen") == LONG_SEEN:
        queued = enqueue(sent, viewer=viewer, channel=Submission.Channel.WEB)
        _remember(table, viewer)
        return queued.public_id
    return {"step": 2, "too_long": True, "looked": True, "seen": LONG_SEEN, **_file_of(form)}


def _say(request: HttpRequest, outcome: Outcome) -> None:
    counts = outcome.counts
    kept = counts["accepted"] + counts["refreshed"]
    if kept:
        said = ngettext("%(count)d indicator shared.", "%(count)d indicators shared.", kept)
        messages.success(request, said % {"count": kept})
    else:
        messages.warning(request, _("Nothing was shared: no line holds an indicator that can be kept."))


def circles_of(member: Member) -> list[tuple[str, str]]:
    """The circles that the person's institution is in, by the id under which a form names them."""
    found = Circle.objects.filter(institutions=member.institution).order_by("name")
    return [(str(circle.public_id), circle.name) for circle in found]


def others_of(member: Member) -> list[str]:
    approved = Institution.objects.filter(state=Institution.State.APPROVED, kind=Institution.Kind.MEMBER)
    found = approved.exclude(members=member)
    return list(found.order_by("name").values_list("name", flat=True))
