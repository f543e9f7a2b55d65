"""The page *Share* in the navigation."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from ingestion.submissions.reviewing import waiting
from iocmarket.accounts.models import Member
from iocmarket.accounts.roles import SESSION_SCOPES, Capability, Scope
from iocmarket.accounts.snippets import Block, Tool, snippets
from iocmarket.web.navigation import Badge, Group, NavItem, navigation


def _may_write(request: HttpRequest) -> bool:
    return Scope.INDICATORS_WRITE in SESSION_SCOPES.get(getattr(request.user, "role", ""), frozenset())


def _script(url: str, token: str, institution_id: int) -> list[Block]:
    del institution_id
    return [
        Block(
            _("one value a line, on standard input"),
            f"curl -fsS -H 'Authorization: Bearer {token}' -H 'Content-Type: text/plain' \\\n"
            "  --data-binary @- \\\n"
            f"  '{url}/api/v1/submissions?tlp=AMBER&pap=GREEN&threat_type=scan' <<'END'\n"
            "185.220.101[.]45\n"
            "END",
            runs="sh",
        )
    ]


def _reviews(request: HttpRequest) -> bool:
    return isinstance(request.user, Member) and request.user.may(Capability.SUBMISSIONS_REVIEW)


def _held(request: HttpRequest) -> Badge | None:
    count = waiting().count() if _reviews(request) else 0
    return Badge(count, _("waiting for an answer"), alert=True) if count else None


def register() -> None:
    """Called once, when the app is ready."""
    snippets.register(
        Tool(
            title=_("Share from a script"), note=_("honeypot, log watcher, chat bridge"), icon="share", order=75,
            needs=Scope.INDICATORS_WRITE, writer=_script,
        ),
    )  # fmt: skip
    navigation.register(
        NavItem(
            key="review", label=_("Submissions to review"), url_name="review", icon="check", order=26,
            group=Group.COMMUNITY, also=("review-decide",), visible=_reviews, badge=_held,
        )
    )  # fmt: skip
    navigation.register(
        NavItem(
            key="share", label=_("Share"), url_name="share", icon="share", order=30, shortcut="p", visible=_may_write
        )
    )
