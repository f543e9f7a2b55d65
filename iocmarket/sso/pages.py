"""What a person reads when a log-in through a provider does not end in a session."""

from __future__ import annotations

import logging

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from iocmarket.kernel.decision import Refusal
from iocmarket.sso.config import ProviderConfig
from iocmarket.sso.errors import NotTaken

log = logging.getLogger(__name__)

REASONS: dict[str, Promise] = {
    "address_taken": _(
        "An account with your e-mail address exists already. Log in with that account, then connect your institution’s "
        "log-in service on the page “My account”."
    ),
    "address_missing": _("Your institution’s log-in service did not send your e-mail address. Ask its support to."),
    "address_foreign": _(
        "The e-mail address that the log-in service sent does not belong to your institution’s domains."
    ),
    "scope_unknown": _(
        "The log-in service did not say that you belong to an institution of this community. "
        "If yours is not a member yet, you can ask for access in its name."
    ),
    "scope_ambiguous": _("The log-in service says that you belong to several institutions of this community."),
    "institution_closed": _("Your institution is not, or no longer, part of this community."),
    "other_institution": _(
        "The log-in service no longer says that you belong to the institution of your account. "
        "Log in another way, or speak to your managers."
    ),
    "connected_other": _("This identity is already connected to another account."),
    "not_in": _("Only members can connect a log-in service."),
    "not_fresh": _("Too much time has passed since you proved who you are. Begin again on the page “My account”."),
    "another_person": _("The log-in service named another person than the one who is logged in here."),
    "proof_old": _(
        "The log-in service did not confirm that it asked you again who you are. Log out there, then try once more; "
        "if that changes nothing, tell its support that we ask for a new log-in."
    ),
    "removed": _("You are no longer a member. Your managers can invite you again."),
    "last_way_in": _("Without this connection you could no longer log in."),
}
UNREADABLE = _(
    "The answer of the log-in service could not be accepted. Begin again; if it happens again, tell us when."
)
CANCELLED = _("You did not log in at your institution.")


def refused(request: HttpRequest, refusal: Refusal, config: ProviderConfig) -> HttpResponse:
    """403 with the reason."""
    said = REASONS.get(refusal.code, UNREADABLE)
    known, unknown = refusal.code == "address_taken", refusal.code == "scope_unknown"
    return _page(request, reason=said, name=config.name, known=known, unknown=unknown, status=403)


def not_taken(request: HttpRequest, error: NotTaken, config: ProviderConfig | None) -> HttpResponse:
    """403, one sentence for every answer that is not taken: which check it failed is for the log."""
    log.warning("an answer of %s is not taken: %s", config.slug if config else "a provider", error.code)
    said = CANCELLED if error.code == "cancelled" else UNREADABLE
    return _page(request, reason=said, name=config.name if config else "", known=False, status=403)


def leaving(request: HttpRequest, where: str, config: ProviderConfig) -> HttpResponse:
    """On to the provider, by a page and not by a redirect: browsers hold redirects of a form against `form-action`."""
    response = render(request, "socialaccount/leaving.html", {"where": where, "name": config.name})
    response["Cache-Control"] = "no-store"
    response["Referrer-Policy"] = "no-referrer"
    return response


def _page(request: HttpRequest, *, status: int, **context: object) -> HttpResponse:
    response = render(request, "socialaccount/refused.html", context, status=status)
    response["Cache-Control"] = "no-store"
    return response
