"""The application of somebody whom a provider knows, in the name of an institution that is not in yet."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from iocmarket.kernel.decision import Refusal
from iocmarket.sso import services
from iocmarket.sso.applying import application_begun, end_application
from iocmarket.sso.completing import complete
from iocmarket.sso.pages import refused
from iocmarket.sso.providers import newcomer_for
from iocmarket.vetting.forms import ApplicationForm
from iocmarket.web.throttles import limited


@never_cache
@require_http_methods(["GET", "POST"])
@limited("application")
def apply(request: HttpRequest) -> HttpResponseBase:
    """The form, filled in with what the provider said; who has nothing to send logs in first.

    The address and the institution are not for writing: the one is the provider's word, the other the operator's.
    """
    begun = application_begun(request)
    newcomer = newcomer_for(begun[1], begun[0].scopes) if begun else None
    if begun is None or newcomer is None:
        return redirect("account_login")
    asserted, config = begun
    name, scope = newcomer
    first = {"name": asserted.name, "institution": name, "domains": scope}
    form = ApplicationForm(request.POST if request.method == "POST" else None, initial=first)
    form.fields["institution"].disabled = True
    if not form.is_valid():
        context = {"form": form, "email": asserted.email, "service": config.name}
        return render(request, "socialaccount/apply.html", context, status=422 if form.is_bound else 200)
    try:
        services.apply_through(asserted, config, form.told())
    except Refusal as refusal:
        return refused(request, refusal, config)
    end_application(request)
    return complete(request, asserted, config, {"process": "login"})
