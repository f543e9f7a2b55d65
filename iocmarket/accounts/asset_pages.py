"""The pages of assets: the own institution's, and the administrators' queue. Thin: assets.py decides and writes."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from iocmarket.accounts import assets
from iocmarket.accounts.asset_forms import AssetForm, VerdictForm
from iocmarket.accounts.asset_values import NAMES
from iocmarket.accounts.models import Asset
from iocmarket.accounts.roles import Capability
from iocmarket.accounts.views import actor_of, member_and_own, member_with, require
from iocmarket.kernel.decision import Refusal
from iocmarket.kernel.reasons import sentence_of


@login_required
@require_http_methods(["GET", "POST"])
def assets_page(request: HttpRequest) -> HttpResponse:
    """What the own institution declared, how it proves it, and a form to declare more."""
    member, own = member_and_own(request)
    form = AssetForm(request.POST if request.method == "POST" else None)
    if request.method == "POST":
        require(member, Capability.ASSETS_MANAGE)
        if form.is_valid():
            try:
                made = assets.declare_asset(own, **form.cleaned_data, actor=actor_of(member))
            except Refusal as refusal:
                form.add_error("kind" if refusal.where == "/kind" else "value", sentence_of(refusal))
            else:
                messages.success(request, _("%(value)s is declared; it is guarded once it is verified.") % _of(made))
                return redirect("assets")
    context = {
        "assets": [(asset, asset.kind in NAMES) for asset in own.assets.order_by("kind", "value")],
        "form": form,
        "record": assets.RECORD,
        "may_manage": member.may(Capability.ASSETS_MANAGE),
        "own": own,
    }
    return render(request, "accounts/assets.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def check(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Have the record of an own asset looked for."""
    member, own = member_and_own(request)
    require(member, Capability.ASSETS_MANAGE)
    asset = get_object_or_404(Asset, institution=own, public_id=public_id)
    try:
        with transaction.atomic():
            assets.ask_for_check(asset, actor=actor_of(member))
            transaction.on_commit(assets.hint, robust=True)
    except Refusal as refusal:
        messages.error(request, sentence_of(refusal))
    else:
        messages.success(request, _("The record of %(value)s is being looked for: load this page again.") % _of(asset))
    return redirect("assets")


@login_required
@require_POST
def remove(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Forget an own asset."""
    member, own = member_and_own(request)
    require(member, Capability.ASSETS_MANAGE)
    asset = get_object_or_404(Asset, institution=own, public_id=public_id)
    try:
        assets.remove_asset(asset, actor=actor_of(member))
    except Refusal as refusal:
        messages.error(request, sentence_of(refusal))
    else:
        messages.success(request, _("%(value)s is no longer declared, and no longer guarded.") % _of(asset))
    return redirect("assets")


@login_required
@require_GET
def queue(request: HttpRequest) -> HttpResponse:
    """What waits for an administrator, and what is verified."""
    member_with(request, Capability.ASSETS_VERIFY)
    return _queue(request)


@login_required
@require_POST
def decide(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Verify an asset, refuse it, or take its verification back."""
    administrator = member_with(request, Capability.ASSETS_VERIFY)
    asset = get_object_or_404(Asset, public_id=public_id)
    form = VerdictForm(request.POST)
    if not form.is_valid():
        return _queue(request, asset, _("Choose what to do, with a reason of at most 2000 characters."))
    try:
        if form.cleaned_data["decision"] == "approve":
            assets.approve_asset(asset, actor=actor_of(administrator))
            told = _("%(value)s is verified.")
        else:
            assets.refuse_asset(asset, reason=form.cleaned_data["reason"], actor=actor_of(administrator))
            told = _("%(value)s is refused; the institution reads the reason.")
    except Refusal as refusal:
        return _queue(request, asset, sentence_of(refusal))
    messages.success(request, told % _of(asset))
    return redirect("assets-queue")


def _queue(request: HttpRequest, failed: Asset | None = None, trouble: str = "") -> HttpResponse:
    verified = list(assets.verified())
    context: dict[str, Any] = {
        "waiting": [(asset, assets.conflicts_among(asset, verified)) for asset in assets.to_verify()],
        "verified": verified,
        "refused": assets.refused(),
        "failed": failed,
        "trouble": trouble,
        "record": assets.RECORD,
    }
    return render(request, "accounts/assets_queue.html", context, status=422 if trouble else 200)


def _of(asset: Asset) -> dict[str, str]:
    return {"value": asset.value}
