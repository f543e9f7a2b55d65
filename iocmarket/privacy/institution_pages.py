"""Having an institution erased: by a manager its own, by an administrator any. Says what goes and what stays. Thin."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from iocmarket.accounts.models import Institution, Member
from iocmarket.accounts.people_forms import DepartureForm
from iocmarket.accounts.reauthentication import fresh_login
from iocmarket.accounts.roles import Capability
from iocmarket.accounts.views import actor_of, member_and_own, member_with, require
from iocmarket.kernel.decision import Refusal
from iocmarket.kernel.reasons import sentence_of
from iocmarket.privacy.erasing import REASON_MAX
from iocmarket.privacy.erasing_institutions import erase_institution, figures
from iocmarket.publication.revoking import TOLD_DAYS


class ErasureForm(forms.Form):
    """Why, and that it is meant. The name is typed: nobody erases by accident."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        help_text=gettext_lazy("It stays in the journal: name nobody in it."),
        max_length=REASON_MAX,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    name = forms.CharField(label=gettext_lazy("Name of the institution, typed to confirm"), max_length=200)
    sure = forms.BooleanField(label=gettext_lazy("I know that this cannot be undone."))

    def __init__(self, *args: Any, institution: Institution, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._institution = institution

    clean_name = DepartureForm.clean_name


@login_required
@fresh_login
@never_cache
@require_http_methods(["GET", "POST"])
def own(request: HttpRequest) -> HttpResponse:
    """A manager has the own institution erased."""
    manager, institution = member_and_own(request)
    require(manager, Capability.ERASE)
    return _page(request, manager, institution)


@login_required
@fresh_login
@never_cache
@require_http_methods(["GET", "POST"])
def other(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """An administrator has an institution erased, one that has left or is suspended, too."""
    administrator = member_with(request, Capability.INSTITUTIONS_MANAGE)
    members = Institution.objects.filter(kind=Institution.Kind.MEMBER, erasure__isnull=True)
    return _page(request, administrator, get_object_or_404(members, public_id=public_id))


def _page(request: HttpRequest, by: Member, institution: Institution) -> HttpResponse:
    form = ErasureForm(request.POST if request.method == "POST" else None, institution=institution)
    if form.is_valid():
        try:
            erase_institution(institution, reason=form.cleaned_data["reason"], actor=actor_of(by))
        except Refusal as refusal:
            form.add_error(None, sentence_of(refusal))
        else:
            return _gone(request, by, institution)
    context = {
        "form": form,
        "institution": institution,
        "figures": figures(institution),
        "told_days": TOLD_DAYS,
    }
    return render(request, "privacy/erasure.html", context, status=422 if form.is_bound else 200)


def _gone(request: HttpRequest, by: Member, institution: Institution) -> HttpResponse:
    if by.institution_id == institution.pk:
        return redirect("erased")  # the session is over
    messages.success(request, _("%(name)s is out; everything of it goes now.") % {"name": institution.name})
    return redirect("institution", institution.public_id)
