"""Items refer without being checked one by one."""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("indicators", "0004_lighter_writing"),
        ("submissions", "0006_raw_input_purged"),
    ]

    operations = [
        migrations.AlterField(
            model_name="submissionitem",
            name="indicator",
            field=models.ForeignKey(
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="indicators.indicator",
            ),
        ),
        migrations.AlterField(
            model_name="submissionitem",
            name="submission",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="items",
                to="submissions.submission",
            ),
        ),
    ]
