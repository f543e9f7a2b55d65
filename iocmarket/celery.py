"""The Celery application. Messages are hints: every task finds its work in the database, not in its arguments."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "iocmarket.settings.dev")
app = Celery("iocmarket")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
