"""Once an institution is erased, no file may go on holding what it said: feeds are built anew when they are asked for.

The files themselves go with the next sweep (building.tidy), half an hour after their last use at the latest.
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from iocmarket.privacy.erasing_institutions import afterwards
from iocmarket.privacy.retention import SECURITY, Rule, retention
from sharing.feeds.models import FeedState, ViewFiles


def forget_files() -> None:
    """Give up all files. Serials stay: a feed that says the same as before has the same tag."""
    FeedState.objects.filter(files__isnull=False).update(files=None, inputs=b"")
    ViewFiles.objects.all().delete()


def register() -> None:
    """Called once, when the app is ready."""
    afterwards.append(forget_files)
    retention.register(
        Rule(
            name="feeds.files", what=_("Files of feeds: what tools read"),
            models=("feeds.FeedState", "feeds.ViewFiles"),
            kept=_("three hours after a feed was last built; at once when an institution is erased"), basis=SECURITY,
        )
    )  # fmt: skip
