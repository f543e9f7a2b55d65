"""The queue of applications: everything about each of them on one page, and the answer."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from iocmarket.accounts.models import Member
from iocmarket.accounts.roles import Capability, Role
from iocmarket.accounts.views import actor_of, member_of, member_with
from iocmarket.kernel.decision import Refusal
from iocmarket.kernel.reasons import sentence_of
from iocmarket.vetting import deciding
from iocmarket.vetting.checks import Check, checks_of
from iocmarket.vetting.forms import DecisionForm, RulesForm
from iocmarket.vetting.models import Application, Question, Vouch
from iocmarket.vetting.rules import change_rules, current_rules
from iocmarket.vetting.vouching import counting, missing_for

SHOWN = 50
"""Applications on the page; the oldest come first, and answering them brings up the others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One applicant with everything that the decision follows from."""

    applicant: Member
    application: Application | None
    checks: list[Check]
    vouches: list[Vouch]
    missing: int
    questions: list[Question]
    is_new: bool
    trouble: str = ""
    typed: str = ""


def decider_of(request: HttpRequest) -> Member:
    """The member behind the page, who has a queue. Raises Http404 for everybody else."""
    member = member_of(request)
    if not deciding.may_decide(member):
        raise Http404
    return member


@login_required
@require_GET
def applications(request: HttpRequest) -> HttpResponse:
    """Who waits for this member's answer."""
    return _queue(request, decider_of(request))


@login_required
@require_POST
def decide(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Approve, refuse or ask one applicant; one of others is a 404 like one that is not there."""
    decider = decider_of(request)
    applicant = get_object_or_404(deciding.in_reach_of(decider), public_id=public_id)
    form = DecisionForm(request.POST)
    if not form.is_valid():
        trouble = " ".join(str(error) for errors in form.errors.values() for error in errors)
        return _queue(request, decider, failed=applicant, trouble=trouble, status=422)
    try:
        done = _decided(applicant, form, decider)
    except Refusal as refusal:
        return _queue(request, decider, failed=applicant, trouble=sentence_of(refusal), status=422)
    messages.success(request, done % {"name": applicant})
    return redirect("applications")


def _decided(applicant: Member, form: DecisionForm, decider: Member) -> str:
    """Do it; the sentence that says so. Raises Refusal."""
    told = form.cleaned_data
    if told["decision"] == "refuse":
        deciding.refuse(applicant, by=decider, reason=told["reason"])
        return _("%(name)s was refused; the reason was sent and is on the applicant's page.")
    if told["decision"] == "ask":
        deciding.ask(applicant, by=decider, question=told["reason"])
        return _("%(name)s was asked; the answer will be here.")
    deciding.approve(
        applicant,
        by=decider,
        role=Role(told["role"]),
        reason=told["reason"],
        assets_verified=told["assets_verified"],
        without_vouches=told["without_vouches"],
    )
    return _("%(name)s is in.")


def _queue(
    request: HttpRequest, decider: Member, *, failed: Member | None = None, trouble: str = "", status: int = 200
) -> HttpResponse:
    rows = []
    for applicant in deciding.waiting_for(decider)[:SHOWN]:
        here = failed is not None and failed.pk == applicant.pk
        typed = request.POST.get("reason", "") if here else ""
        rows.append(row_of(applicant, trouble=trouble if here else "", typed=typed))
    elsewhere = trouble if failed is not None and failed.pk not in {row.applicant.pk for row in rows} else ""
    context = {
        "rows": rows,
        "trouble": elsewhere,
        "roles": Role.choices,
        "usual_role": Role.CONTRIBUTOR,
        "rules": current_rules(),
        "administers": decider.may(Capability.APPLICATIONS_DECIDE),
    }
    return render(request, "vetting/applications.html", context, status=status)


def row_of(applicant: Member, *, trouble: str = "", typed: str = "") -> Row:
    """Everything about one applicant."""
    application = getattr(applicant, "application", None)
    is_new = applicant.institution is not None and not applicant.institution.is_approved
    vouches = list(counting().filter(application=application).select_related("member", "institution").order_by("at"))
    return Row(
        applicant=applicant,
        application=application,
        checks=checks_of(applicant, application),
        vouches=vouches if application else [],
        missing=missing_for(application) if is_new else 0,
        questions=list(application.questions.select_related("asked_by")) if application else [],
        is_new=is_new,
        trouble=trouble,
        typed=typed,
    )


@login_required
@require_http_methods(["GET", "POST"])
def rules(request: HttpRequest) -> HttpResponse:
    """The numbers of vetting, for administrators."""
    administrator = member_with(request, Capability.APPLICATIONS_DECIDE)
    held = current_rules()
    first = {"vouches_needed": held.vouches_needed, "charter_grace_days": held.charter_grace_days}
    form = RulesForm(request.POST if request.method == "POST" else None, initial=first)
    if form.is_valid():
        change_rules(
            vouches_needed=form.cleaned_data["vouches_needed"],
            charter_grace_days=form.cleaned_data["charter_grace_days"],
            actor=actor_of(administrator),
        )
        messages.success(request, _("The rules were changed."))
        return redirect("vetting-rules")
    return render(request, "vetting/rules.html", {"form": form}, status=422 if form.is_bound else 200)
