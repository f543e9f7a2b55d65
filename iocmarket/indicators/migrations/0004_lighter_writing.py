"""Statements are written into fewer indexes, and have room to be renewed in place."""

from __future__ import annotations

import django.contrib.postgres.indexes
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0005_trust"),
        ("indicators", "0003_sightings"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="contribution",
            name="contribution_of_submission",
        ),
        migrations.RemoveIndex(
            model_name="contribution",
            name="contribution_recipients",
        ),
        migrations.RemoveIndex(
            model_name="indicator",
            name="indicator_network",
        ),
        migrations.RemoveIndex(
            model_name="indicator",
            name="indicator_reversed_name",
        ),
        migrations.AlterField(
            model_name="contribution",
            name="author",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AlterField(
            model_name="contribution",
            name="circle",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.circle",
            ),
        ),
        migrations.AlterField(
            model_name="contribution",
            name="institution",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="contributions",
                to="accounts.institution",
            ),
        ),
        migrations.AlterField(
            model_name="contribution",
            name="report",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="contributions",
                to="indicators.report",
            ),
        ),
        migrations.AddIndex(
            model_name="contribution",
            index=models.Index(
                condition=models.Q(("author__isnull", False)), fields=["author"], name="contribution_of_author"
            ),
        ),
        migrations.AddIndex(
            model_name="contribution",
            index=models.Index(
                condition=models.Q(("report__isnull", False)), fields=["report"], name="contribution_of_report"
            ),
        ),
        migrations.AddIndex(
            model_name="contribution",
            index=django.contrib.postgres.indexes.GinIndex(
                condition=models.Q(("audience", "recipients")), fields=["recipients"], name="contribution_recipients"
            ),
        ),
        migrations.AddIndex(
            model_name="indicator",
            index=django.contrib.postgres.indexes.GistIndex(
                django.contrib.postgres.indexes.OpClass(models.F("network"), name="inet_ops"),
                condition=models.Q(("network__isnull", False)),
                name="indicator_network",
            ),
        ),
        migrations.AddIndex(
            model_name="indicator",
            index=models.Index(
                django.contrib.postgres.indexes.OpClass(models.F("reversed_name"), name="text_pattern_ops"),
                condition=models.Q(("reversed_name__isnull", False)),
                name="indicator_reversed_name",
            ),
        ),
        # A refresh changes no column that an index holds; where its page has room, it then writes into none of them.
        # Half of each page is kept for that: a list that is sent every day renews every statement on it at once.
        migrations.RunSQL(
            "ALTER TABLE indicators_contribution SET (fillfactor = 50)",
            "ALTER TABLE indicators_contribution RESET (fillfactor)",
        ),
    ]
