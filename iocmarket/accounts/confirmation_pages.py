"""The yearly confirmation of an institution, by its managers. Thin: recertifying.py decides and writes."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from iocmarket.accounts import recertifying
from iocmarket.accounts.models import Asset
from iocmarket.accounts.people import people_of
from iocmarket.accounts.people_forms import ConfirmForm
from iocmarket.accounts.roles import Capability
from iocmarket.accounts.views import member_and_own, require
from iocmarket.kernel.decision import Refusal
from iocmarket.kernel.reasons import sentence_of


@login_required
@require_http_methods(["GET", "POST"])
def confirmation(request: HttpRequest) -> HttpResponse:
    """Everything that is to be confirmed on one page, and one button."""
    manager, institution = member_and_own(request)
    require(manager, Capability.CONFIRM)
    form = ConfirmForm(
        request.POST if request.method == "POST" else None, initial={"contact_email": institution.contact_email}
    )
    if form.is_valid():
        try:
            recertifying.confirm(institution, contact_email=form.cleaned_data["contact_email"], by=manager)
        except Refusal as refusal:
            form.add_error(None, sentence_of(refusal))
        else:
            messages.success(request, _("Thank you: contacts and assets are confirmed."))
            return redirect("members")
    context = {
        "form": form,
        "institution": institution,
        "people": people_of(institution),
        "assets": Asset.objects.filter(institution=institution).order_by("kind", "value"),
        "due": recertifying.due_at(institution),
        "end": recertifying.suspended_at(institution),
    }
    return render(request, "accounts/confirmation.html", context, status=422 if form.is_bound else 200)
