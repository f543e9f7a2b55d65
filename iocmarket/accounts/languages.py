"""The language of a member: of every letter, and of the pages in a browser in which no language was chosen.

It is chosen on the person's own page. Until then it is the one in which the person applied, accepted an invitation or
first logged in.
"""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponseBase
from django.utils import translation

from iocmarket.accounts.models import Member
from iocmarket.accounts.traces import note
from iocmarket.web.preferences import PREFERENCES


def language_here() -> str:
    """The language of the page that is being answered, as members keep it."""
    spoken = translation.get_language() or ""
    return spoken if spoken in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE


@transaction.atomic
def choose_language(member: Member, language: str) -> None:
    """Keep what the person chose. Raises ValueError for none of the interface's languages."""
    if language not in dict(settings.LANGUAGES):
        raise ValueError(f"{language!r} is no language of the interface")
    if Member.objects.filter(pk=member.pk).exclude(language=language).update(language=language):
        member.language = language
        note("member.language_chosen", member)


def learn_language(member: Member) -> None:
    """At the log-in of somebody whose language nobody knows yet: the one of the page. No act of its own."""
    if not member.language:
        member.language = language_here()
        Member.objects.filter(pk=member.pk, language="").update(language=member.language)


class MemberLanguage:
    """Answers members in their own language, unless another one was chosen in this browser.

    It stands behind the middleware that knows who is logged in; ReaderLanguage decides for everybody else.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Pass on in the language of the person."""
        member = request.user
        if not isinstance(member, Member) or not member.language or PREFERENCES["language"].of(request):
            return self._get_response(request)
        with translation.override(member.language):
            request.LANGUAGE_CODE = member.language
            response = self._get_response(request)
        if response.get("Content-Type", "").startswith("text/html"):
            response.setdefault("Content-Language", member.language)
        return response
