"""`manage.py demonstrate`: an empty platform gets a small invented community; a second start prints its keys again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import transaction

from ingestion.demonstration.cast import HOUSES
from ingestion.demonstration.keepsake import Keepsake, keep, recall
from ingestion.demonstration.leaflet import leaflet
from ingestion.demonstration.loading import load
from ingestion.enrichment.sweeping import sweep
from iocmarket.accounts.models import Institution
from iocmarket.kernel import clock
from iocmarket.publication.publisher import run_until_idle


class Command(BaseCommand):
    """Touches nothing where any institution exists: a real community never meets an invented one."""

    help = "Load the demonstration community into an empty database, and print how to use it."

    def handle(self, *args: Any, **options: Any) -> None:
        """Prints nothing on a platform with institutions of its own."""
        del args, options
        keepsake = self._load() if not Institution.objects.exists() else self._recall()
        if keepsake is not None:
            self.stdout.write(leaflet(keepsake, settings.PUBLIC_URL))

    def _load(self) -> Keepsake:
        with transaction.atomic():
            keepsake = load(clock.now())
            # Inside the transaction: a community whose passwords could not be kept is not created either.
            keep(keepsake, Path(settings.DATA_DIR))
        # The workers would do both in their first minute; done here, the first page is complete.
        sweep()
        run_until_idle()
        return keepsake

    def _recall(self) -> Keepsake | None:
        names = [house.name for house in HOUSES]
        if Institution.objects.filter(name__in=names).count() < len(names):
            return None
        return recall(Path(settings.DATA_DIR))
