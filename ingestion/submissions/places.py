"""The page *Share* in the navigation."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from iocmarket.accounts.roles import SESSION_SCOPES, Scope
from iocmarket.accounts.snippets import snippets
from iocmarket.web.navigation import NavItem, navigation


def _may_write(request: HttpRequest) -> bool:
    return Scope.INDICATORS_WRITE in SESSION_SCOPES.get(getattr(request.user, "role", ""), frozenset())


def _share_line(url: str, token: str, institution_id: int) -> str:
    del institution_id
    return (
        f"curl -sS '{url}/api/v1/submissions?tlp=AMBER&pap=GREEN&threat_type=scan' \\\n"
        f"  -H 'Authorization: Bearer {token}' -H 'Content-Type: text/plain' \\\n"
        "  --data-binary '185.220.101[.]45'"
    )


def register() -> None:
    """Called once, when the app is ready."""
    snippets.register(_("Share from a script"), _share_line, order=50)
    navigation.register(
        NavItem(
            key="share", label=_("Share"), url_name="share", icon="share", order=30, shortcut="p", visible=_may_write
        )
    )
