"""The public as a reader, and what the community switches on."""

from __future__ import annotations

from django.db import migrations, models

import iocmarket.kernel.clock


class Migration(migrations.Migration):
    """A kind, a constraint and a table."""

    dependencies = [("accounts", "0009_charter_due")]

    operations = [
        migrations.AlterField(
            model_name="institution",
            name="kind",
            field=models.CharField(
                choices=[("member", "Member"), ("partner", "Partner"), ("public", "The public")],
                default="member",
                max_length=10,
            ),
        ),
        migrations.AddConstraint(
            model_name="institution",
            constraint=models.UniqueConstraint(
                condition=models.Q(("kind", "public")), fields=("kind",), name="institution_one_public"
            ),
        ),
        migrations.CreateModel(
            name="Switch",
            fields=[
                (
                    "name",
                    models.CharField(
                        choices=[("feed-keys", "Feed keys")], max_length=20, primary_key=True, serialize=False
                    ),
                ),
                ("on_since", models.DateTimeField(default=iocmarket.kernel.clock.now)),
            ],
        ),
    ]
