"""The administrators' page of warning lists: what there is, what a hit means, lists and exceptions of the community."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from iocmarket.accounts.roles import Capability
from iocmarket.accounts.views import actor_of, member_with
from iocmarket.audit.services import Actor
from iocmarket.indicators.warninglists import warning_lists
from iocmarket.kernel.decision import Refusal
from iocmarket.kernel.reasons import sentence_of
from iocmarket.listed import files, services
from iocmarket.listed.forms import ChoiceForm, ExemptionForm, ListForm
from iocmarket.listed.models import OFF, SEVERITIES, AddedList, Choice, Exemption
from iocmarket.web.defanged import defang

PAGE = "listed/lists.html"


@login_required
@require_http_methods(["GET", "POST"])
def lists(request: HttpRequest) -> HttpResponse:
    """Every list; POST adds one of the community."""
    member = member_with(request, Capability.LISTS_MANAGE)
    if request.method == "GET":
        return _page(request)
    form = ListForm(request.POST, request.FILES, auto_id="list-%s")
    return _done(
        request, form, "form",
        lambda given: services.add_list(
            given["file"].file, label=given["label"] or _stem(given["file"].name), severity=given["severity"],
            actor=actor_of(member),
        ),
        _("The list is added: it counts from now on."),
    )  # fmt: skip


@login_required
@require_POST
def choice(request: HttpRequest) -> HttpResponse:
    """Another severity for a list, or with `remove` no such list any more."""
    actor = actor_of(member_with(request, Capability.LISTS_MANAGE))
    if name := request.POST.get("remove"):
        return _removed(request, lambda: services.remove_list(name, actor=actor))
    form = ChoiceForm(request.POST, names=list(services.names()), auto_id="choice-%s")
    return _done(
        request, form, "choice_form",
        lambda given: services.choose_severity(given["list"], given["severity"], actor=actor),
        _("The choice counts from now on."),
    )  # fmt: skip


@login_required
@require_POST
def exemption(request: HttpRequest) -> HttpResponse:
    """An exception, or with `remove` no such exception any more."""
    actor = actor_of(member_with(request, Capability.LISTS_MANAGE))
    if named := request.POST.get("remove"):
        return _removed(request, lambda: _remove_exemption(named, actor))
    form = ExemptionForm(request.POST, names=list(services.names()), auto_id="exception-%s")
    return _done(
        request, form, "exemption_form",
        lambda given: services.add_exemption(
            given["value"], name=given["list"], reason=given["reason"], actor=actor
        ),
        _("The exception counts from now on."),
    )  # fmt: skip


def _remove_exemption(named: str, actor: Actor) -> None:
    try:
        public_id = UUID(named)
    except ValueError as error:
        raise Refusal("no_such_exemption", "there is no such exception") from error
    services.remove_exemption(public_id, actor=actor)


def _done(
    request: HttpRequest, form: forms.Form, name: str, act: Callable[[dict[str, Any]], object], said: str
) -> HttpResponse:
    if form.is_valid():
        try:
            act(form.cleaned_data)
            messages.success(request, said)
            return redirect("warning-lists")
        except Refusal as refusal:
            form.add_error(None, sentence_of(refusal))
    return _page(request, status=422, **{name: form})


def _removed(request: HttpRequest, act: Callable[[], None]) -> HttpResponse:
    try:
        act()
        messages.success(request, _("Removed."))
    except Refusal as refusal:
        messages.error(request, sentence_of(refusal))
    return redirect("warning-lists")


def _stem(name: str | None) -> str:
    return (name or "").rpartition("/")[2].removesuffix(".txt") if not (name or "").endswith(".json") else ""


def _page(request: HttpRequest, *, status: int = 200, **given: forms.Form) -> HttpResponse:
    names = list(services.names())
    context = {
        "lists": _rows(),
        "exemptions": [
            (held, defang("url" if "/" in held.value else "domain", held.value))
            for held in Exemption.objects.select_related("added_by").order_by("list", "value")
        ],
        "built": files.newest() is not None,
        "form": ListForm(auto_id="list-%s"),
        "choice_form": ChoiceForm(names=names, auto_id="choice-%s"),
        "exemption_form": ExemptionForm(names=names, auto_id="exception-%s"),
        **given,
    }
    return render(request, PAGE, context, status=status)


def _rows() -> list[dict[str, Any]]:
    index = files.newest()
    known: list[tuple[str, object, str, str, int | None, bool]] = []
    known += ((x.name, x.label, x.version, x.severity.value, None, False) for x in warning_lists)
    known += ((x.name, x.label, x.version, x.severity.value, x.entries, False) for x in (index.lists if index else ()))
    known += ((x.name, x.label, x.version, x.severity, x.entries, True) for x in AddedList.objects.defer("content"))
    chosen = dict(Choice.objects.values_list("list", "severity"))
    words = {**dict(SEVERITIES), OFF: _("Switched off")}
    rows = []
    for name, label, version, severity, entries, added in sorted(known, key=lambda row: row[0]):
        held = chosen.get(name, severity)
        rows.append({
            "name": name, "label": label, "version": version, "entries": entries, "added": added,
            "severity": held, "word": words[held], "chosen": held != severity,
        })  # fmt: skip
    return rows
