"""Where people find evidence: a place in the navigation, a card on the page of tokens."""

from __future__ import annotations

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from iocmarket.accounts.roles import SESSION_SCOPES, Scope
from iocmarket.accounts.snippets import Block, Tool, snippets
from iocmarket.web.navigation import NavItem, navigation


def _may_read(request: HttpRequest) -> bool:
    return Scope.EVIDENCE_READ in SESSION_SCOPES.get(getattr(request.user, "role", ""), frozenset())


def _send(url: str, token: str, institution_id: int) -> list[Block]:
    del institution_id
    return [
        Block(
            _("the archive of DFIR-ORC, Velociraptor, KAPE, UAC, acquire or Scout, as the collector made it"),
            f"curl -fsS -H 'Authorization: Bearer {token}' -T collection.zip \\\n"
            f"  '{url}/api/v1/evidence/archives/'",
        ),
        Block(_("the keys that collectors encrypt to"), url + reverse("evidence-keys")),
    ]  # fmt: skip


def register() -> None:
    """Called once, when the app is ready."""
    snippets.register(
        Tool(
            title=_("Send evidence"), note=_("archives of forensic collectors"), icon="box", order=79,
            needs=Scope.EVIDENCE_WRITE, writer=_send,
        )
    )  # fmt: skip
    navigation.register(
        NavItem(
            key="evidence", label=_("Evidence"), url_name="evidence", icon="box", order=40, shortcut="e",
            also=("evidence-",), visible=_may_read,
        )
    )  # fmt: skip
