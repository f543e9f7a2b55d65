"""The language of a member."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    """Empty for everybody who is there: it is learnt at the next log-in."""

    dependencies = [("accounts", "0010_partners_and_public")]

    operations = [
        migrations.AddField("member", "language", models.CharField(blank=True, default="", max_length=5)),
    ]
