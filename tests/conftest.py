"""One private PostgreSQL and one Redis for the whole run, started by the process that pytest was called with.

Settings have already chosen DATA_DIR (iocmarket/settings/throwaway.py); workers of pytest-xdist inherit it.
"""

from __future__ import annotations

import gc
import gettext
import logging
import os
import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from celery import Task
from django.conf import settings
from django.db import connection
from django.test import TransactionTestCase, override_settings
from django.utils.translation import trans_real
from pytest_django import DjangoDbBlocker, Settings

from iocmarket import embedded
from iocmarket.accounts.tasks import forgotten_password
from iocmarket.settings.env import evidence_storage_from
from iocmarket.web.catalogue import mo
from iocmarket.web.tasks import deliver
from sharing.feeds import blobs
from tests import emptying
from tests import mailbox as mailboxes
from tests.factories import PASSWORD
from tests.overheard import Overheard, words_of_the_suite

_SERVICES = pytest.StashKey[embedded.Services]()


def pytest_configure(config: pytest.Config) -> None:
    """Start what DATABASE_URL and REDIS_URL do not give."""
    if hasattr(config, "workerinput") or config.option.collectonly:
        return
    mo.compile_folder(Path(__file__).parent.parent / "locale")
    # Models with many-to-many fields make Django read a catalogue while it starts: it reads the new one again.
    gettext._translations.clear()  # type: ignore[attr-defined]
    trans_real._translations.clear()  # type: ignore[attr-defined]
    trans_real._default = None  # type: ignore[attr-defined]
    services = embedded.start(
        Path(os.environ["DATA_DIR"]),
        test=True,
        database=not os.environ.get("DATABASE_URL"),
        redis=not os.environ.get("REDIS_URL"),
    )
    config.stash[_SERVICES] = services


def pytest_collection_finish() -> None:
    """The collector leaves alone what stays for the whole run, and comes less often: a fifth of the time of all tests.

    Modules, URLs and thousands of tests make half a million objects, which it walked through over and over.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop what was started, and remove the data when they were made for this run alone."""
    services = config.stash.get(_SERVICES, None)
    if services is None:
        return
    made_here = bool(services.started)
    services.stop()
    if made_here and services.places.data_dir.name.startswith("iocmarket-test-"):
        for folder in {services.places.data_dir, services.places.home}:
            shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(autouse=True, scope="session")
def _feeds_of_this_worker() -> Iterator[None]:
    """A test that sweeps feeds, or does so in the far future, removes no file under another worker's hands."""
    own = os.environ.get("PYTEST_XDIST_WORKER", "alone")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blobs, "folder", lambda: Path(settings.DATA_DIR) / "feeds" / own)
        yield


@pytest.fixture(autouse=True, scope="session")
def _evidence_of_this_worker() -> Iterator[None]:
    """A sweep shreds what its database does not know, which another worker's does."""
    own = Path(settings.DATA_DIR) / "evidence" / os.environ.get("PYTEST_XDIST_WORKER", "alone")
    storage = evidence_storage_from("", own)
    with override_settings(EVIDENCE_DIR=own, STORAGES={**settings.STORAGES, "evidence": storage}):
        yield


@pytest.fixture(autouse=True)
def _no_secret_is_logged() -> Iterator[None]:
    """Of whatever test it is: the one that makes the program log a secret fails."""
    ear = Overheard(*words_of_the_suite(PASSWORD))
    logging.getLogger().addHandler(ear)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(ear)
    assert ear.found == []


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """Transactional tests empty every table between them, which the journal's guard rightly refuses elsewhere."""
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER IF EXISTS audit_event_no_truncate ON audit_event")
        cursor.execute("DROP TRIGGER IF EXISTS audit_seal_no_truncate ON audit_seal")


@pytest.fixture(autouse=True, scope="session")
def _emptied_quickly() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", emptying.empty)
        yield


@pytest.fixture
def mailbox(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[mailboxes.Mailbox]:
    """A real SMTP server that the program sends to; the worker's task runs at once. Read it by `mailbox.letters()`."""
    with mailboxes.running() as box:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", box.port
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
        for task in (deliver, forgotten_password):
            monkeypatch.setattr(task, "delay", partial(_at_once, task))
        yield box


def _at_once(task: Task[..., Any], *said: object) -> None:
    """What the worker would do, here and now."""
    task.apply(said)
