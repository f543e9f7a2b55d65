"""What the pages of tokens and of partners share: a new secret in place of an old one, by the same button."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest
from django.utils.translation import gettext as _

from iocmarket.accounts.models import Member, Token
from iocmarket.accounts.rotating import rotate_token
from iocmarket.accounts.services import NewToken
from iocmarket.accounts.token_forms import RotationForm
from iocmarket.accounts.views import actor_of
from iocmarket.kernel.decision import Refusal
from iocmarket.kernel.reasons import sentence_of


def rotated(request: HttpRequest, token: Token, member: Member) -> NewToken | None:
    """The successor, with its secret for this one answer; None with the reason among the messages of the page."""
    form = RotationForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Choose for how long the old one works."))
        return None
    try:
        return rotate_token(token, overlap=form.cleaned_data["overlap"], made_by=member, actor=actor_of(member))
    except Refusal as refusal:
        messages.error(request, sentence_of(refusal))
        return None
