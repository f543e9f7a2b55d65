"""The pages of web hooks: set up, changed, paused, and what became of what was sent. Thin: services write."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from iocmarket.accounts.models import Institution
from iocmarket.accounts.roles import Capability
from iocmarket.accounts.views import actor_of, member_with
from iocmarket.audit.services import Actor
from iocmarket.kernel.decision import Refusal
from iocmarket.kernel.reasons import sentence_of
from sharing.push import services
from sharing.push.forms import HookForm
from sharing.push.models import Delivery, Hook
from sharing.push.reasons import said
from sharing.push.trying import tried

SHOWN = 30


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def webhooks(request: HttpRequest) -> HttpResponse:
    """Those of the institution, and a new one; its secret is shown once."""
    actor, institution = _manager(request)
    form, made = HookForm(request.POST or None), None
    if request.method == "POST" and form.is_valid():
        try:
            made = services.create_hook(institution, form.told(), actor=actor)
        except Refusal as refusal:
            form.add_error(_field(form, refusal), sentence_of(refusal))
        else:
            form = HookForm()
    dead = Count("deliveries", filter=Q(deliveries__state=Delivery.State.DEAD))
    held = Hook.objects.filter(institution=institution).annotate(dead=dead).order_by("name", "pk")
    context = {"hooks": [(hook, said(hook.error)) for hook in held], "form": form, "made": made}
    return render(request, "push/list.html", context, status=422 if form.errors else 200)


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def webhook(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """One of them: what was sent, what was given up, and its terms to change."""
    actor, institution = _manager(request)
    hook = _one(institution, public_id)
    form = HookForm(request.POST or None, held=hook)
    if request.method == "POST" and form.is_valid():
        try:
            services.amend_hook(hook, form.told(), actor=actor)
        except Refusal as refusal:
            form.add_error(_field(form, refusal), sentence_of(refusal))
        else:
            messages.success(request, _("The web hook is changed."))
            return redirect("webhook", public_id)
    return _shown(request, hook, form=form, status=422 if form.errors else 200)


@login_required
@never_cache
@require_POST
def act(request: HttpRequest, public_id: UUID, act: str) -> HttpResponse:
    """Pause, resume or remove it, send one message on trial, or make another secret."""
    actor, institution = _manager(request)
    hook = _one(institution, public_id)
    if act == "resume":
        services.resume_hook(hook, actor=actor)
        messages.success(request, _("It goes on where it stood."))
    elif act == "pause":
        services.pause_hook(hook, actor=actor)
        messages.success(request, _("Nothing is sent until somebody resumes it."))
    elif act == "secret":
        return _renewed(request, hook, actor)
    elif act == "test":
        return _shown(request, hook, form=HookForm(held=hook), trial=tried(hook, actor=actor))
    elif act == "remove":
        services.remove_hook(hook, actor=actor)
        messages.success(request, _("“%(name)s” is removed.") % {"name": hook.name})
        return redirect("webhooks")
    else:
        raise Http404
    return redirect("webhook", public_id)


@login_required
@require_POST
def resend(request: HttpRequest, public_id: UUID, delivery_id: UUID) -> HttpResponse:
    """Have a delivery that was given up sent again."""
    actor, institution = _manager(request)
    delivery = get_object_or_404(Delivery, public_id=delivery_id, hook=_one(institution, public_id))
    try:
        services.resend(delivery, actor=actor)
    except Refusal as refusal:
        messages.error(request, sentence_of(refusal))
    else:
        messages.success(request, _("It is sent again, before all that came later."))
    return redirect("webhook", public_id)


def _renewed(request: HttpRequest, hook: Hook, actor: Actor) -> HttpResponse:
    try:
        made = services.renew_secret(hook, actor=actor)
    except Refusal as refusal:
        messages.error(request, sentence_of(refusal))
        return redirect("webhook", hook.public_id)
    return _shown(request, made.hook, made=made, form=HookForm(held=made.hook))


def _shown(request: HttpRequest, hook: Hook, *, status: int = 200, **more: Any) -> HttpResponse:
    newest = hook.deliveries.order_by("-pk")
    dead = newest.filter(state=Delivery.State.DEAD)
    context = {
        "hook": hook,
        "why": said(hook.error),
        "told": hook.told.filter(certain=True).count(),
        "dead": [(delivery, said(delivery.error), len(delivery.values)) for delivery in dead],
        "deliveries": [(delivery, said(delivery.error)) for delivery in newest[:SHOWN]],
        **more,
    }
    return render(request, "push/one.html", context, status=status)


def _manager(request: HttpRequest) -> tuple[Actor, Institution]:
    """Raises Http404 for everybody else."""
    member = member_with(request, Capability.WEBHOOKS_MANAGE)
    if member.institution is None:
        raise Http404
    return actor_of(member), member.institution


def _one(institution: Institution, public_id: UUID) -> Hook:
    return get_object_or_404(Hook.objects.select_related("institution"), public_id=public_id, institution=institution)


def _field(form: HookForm, refusal: Refusal) -> str | None:
    """The field that a refusal is about, where the form has it."""
    return refusal.where if refusal.where in form.fields else None
