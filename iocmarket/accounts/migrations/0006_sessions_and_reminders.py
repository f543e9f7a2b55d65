"""What ends all sessions of a person, and which reminder an institution had."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    """Two columns."""

    dependencies = [("accounts", "0005_trust")]

    operations = [
        migrations.AddField(
            model_name="member",
            name="session_generation",
            field=models.PositiveIntegerField(default=0, editable=False),
        ),
        migrations.AddField(
            model_name="institution",
            name="reminded_days",
            field=models.PositiveSmallIntegerField(blank=True, null=True),
        ),
    ]
