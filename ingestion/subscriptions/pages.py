"""The pages of subscriptions: set up, changed, paused, and what their turns brought. Thin: services write."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from ingestion.subscriptions import services
from ingestion.subscriptions.forms import SubscriptionForm
from ingestion.subscriptions.models import Subscription, Turn
from ingestion.subscriptions.reasons import said
from ingestion.subscriptions.tasks import hint
from iocmarket.accounts.models import Institution, Member
from iocmarket.accounts.roles import Capability
from iocmarket.accounts.views import actor_of, member_with
from iocmarket.kernel.decision import Refusal
from iocmarket.kernel.reasons import sentence_of

TURNS = 20


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def subscriptions(request: HttpRequest) -> HttpResponse:
    """Those of the institution, and a new one."""
    member, institution = _manager(request)
    form = SubscriptionForm(request.POST or None, institution=institution)
    if request.method == "POST" and form.is_valid():
        try:
            made = services.create(institution, form.told(), author=member, actor=actor_of(member))
        except Refusal as refusal:
            form.add_error(None, sentence_of(refusal))
        else:
            hint(made.pk)
            messages.success(request, _("“%(name)s” is set up; its first turn begins.") % {"name": made.name})
            return redirect("subscription", made.public_id)
    held = Subscription.objects.filter(institution=institution).order_by("name", "pk")
    context = {"subscriptions": [(each, each.turns.order_by("-pk").first(), _why(each)) for each in held], "form": form}
    return render(request, "subscriptions/list.html", context, status=422 if form.errors else 200)


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def subscription(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """One of them: its turns, and its terms to change."""
    member, institution = _manager(request)
    held = get_object_or_404(Subscription, public_id=public_id, institution=institution)
    form = SubscriptionForm(request.POST or None, institution=institution, held=held)
    if request.method == "POST" and form.is_valid():
        try:
            services.amend(held, form.told(), author=member, actor=actor_of(member))
        except Refusal as refusal:
            form.add_error(None, sentence_of(refusal))
        else:
            messages.success(request, _("The terms are changed, from the next turn on."))
            return redirect("subscription", public_id)
    turns = held.turns.order_by("-pk")[:TURNS]
    context = {"held": held, "why": _why(held), "turns": _told(turns), "form": form}
    return render(request, "subscriptions/one.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def act(request: HttpRequest, public_id: UUID, act: str) -> HttpResponse:
    """Run it now, pause, resume or remove it."""
    member, institution = _manager(request)
    held = get_object_or_404(Subscription, public_id=public_id, institution=institution)
    actor = actor_of(member)
    if act == "resume":
        services.resume(held, author=member, actor=actor)
        hint(held.pk)
        messages.success(request, _("Its turn begins."))
    elif act == "pause":
        services.pause(held, actor=actor)
        messages.success(request, _("Nothing is fetched until somebody resumes it."))
    elif act == "remove":
        services.remove(held, actor=actor)
        messages.success(request, _("“%(name)s” is removed; what it shared stays.") % {"name": held.name})
        return redirect("subscriptions")
    else:
        raise Http404
    return redirect("subscription", public_id)


def _manager(request: HttpRequest) -> tuple[Member, Institution]:
    """Raises Http404 for everybody else."""
    member = member_with(request, Capability.SUBSCRIPTIONS_MANAGE)
    if member.institution is None:
        raise Http404
    return member, member.institution


def _why(held: Subscription) -> str:
    return said(held.error) if held.error else ""


def _told(turns: Iterable[Turn]) -> list[tuple[Turn, str, list[tuple[str, int]]]]:
    """Each turn, why it ended early, and the reasons it gave, the most frequent first."""
    return [
        (
            turn,
            said(turn.error) if turn.error else "",
            [(said(code), count) for code, count in sorted(turn.reasons.items(), key=lambda one: (-one[1], one[0]))],
        )
        for turn in turns
    ]
