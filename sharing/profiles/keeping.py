"""What of profiles is kept, and what an institution takes along."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from iocmarket.accounts.models import Institution
from iocmarket.privacy.erasing_institutions import afterwards
from iocmarket.privacy.exporting import Portion, Rows, portions
from iocmarket.privacy.portions import rows
from iocmarket.privacy.retention import SECURITY, Rule, retention
from sharing.feeds.building import in_use
from sharing.feeds.models import FeedPolicy
from sharing.profiles import snapshots
from sharing.profiles.models import FeedProfile

_PROFILE = ("public_id", "name", "format", "options", "tool", "note", "created_at", "changed_at")


def register() -> None:
    """Called once, when the app is ready."""
    in_use.append(snapshots.used_files)
    afterwards.append(snapshots.forget)
    retention.register(
        Rule(
            name="profiles.pulls", what=_("Last pull of a saved feed with a token, and its figures"),
            models=("profiles.FeedPull",), kept=_("as long as the saved feed and the token"), basis=SECURITY,
        ),
        Rule(
            name="profiles.snapshots", what=_("Earlier contents of saved feeds"), models=("profiles.FeedSnapshot",),
            kept=_("seven days; at once when an institution is erased"), basis=SECURITY,
        ),
    )  # fmt: skip
    portions.register(
        Portion(name="feed_profiles", models=("profiles.FeedProfile",), of_institution=_profiles),
        Portion(name="feed_policy", models=("feeds.FeedPolicy",), of_institution=_policy),
    )


def _profiles(institution: Institution) -> Rows:
    return rows(FeedProfile.objects.filter(institution=institution), _PROFILE)


def _policy(institution: Institution) -> Rows:
    return rows(FeedPolicy.objects.filter(institution=institution), ("rules", "changed_at"))
