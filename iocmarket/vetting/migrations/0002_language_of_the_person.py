"""The language is the person's (accounts.Member), not the application's."""

from __future__ import annotations

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import OuterRef, Subquery


def _move(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    del schema_editor
    application = apps.get_model("vetting", "Application")
    told = application.objects.filter(member=OuterRef("pk")).values("language")
    member = apps.get_model("accounts", "Member")
    member.objects.filter(language="", application__isnull=False).update(language=Subquery(told))


class Migration(migrations.Migration):
    """What applicants chose is kept."""

    dependencies = [("accounts", "0011_member_language"), ("vetting", "0001_initial")]

    operations = [
        migrations.RunPython(_move, migrations.RunPython.noop),
        migrations.RemoveField("application", "language"),
    ]
