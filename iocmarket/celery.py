"""The Celery application. Messages are hints: every task finds its work in the database, not in its arguments."""

import gc
import os
from typing import Any

from celery import Celery, signals

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "iocmarket.settings.dev")
HINT_SECONDS = 1
"""How long a request may wait for a broker that does not answer, in seconds."""


class Application(Celery):
    """Celery, in which those who send a hint give up sooner than those who wait for work."""

    def connection_for_write(self, url: str | None = None, **kwargs: Any) -> Any:
        """A connection for sending."""
        kwargs["transport_options"] = {**(kwargs.get("transport_options") or {}), "socket_timeout": HINT_SECONDS}
        return super().connection_for_write(url, **kwargs)


app = Application("iocmarket")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@signals.worker_init.connect
def _share_memory(**_: Any) -> None:
    """Keep the garbage collector from writing into what the processes of a worker have in common."""
    gc.collect()
    gc.freeze()
