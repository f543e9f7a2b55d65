"""Contents of feeds in files, and an index of the few entries of a view that its readers do not share."""

import django.db.models.deletion
from django.db import migrations, models

import iocmarket.kernel.clock


class Migration(migrations.Migration):
    dependencies = [
        ("publication", "0003_one_index_each"),
        ("feeds", "0001_initial"),
    ]

    operations = [
        migrations.AddField(model_name="feedstate", name="files", field=models.JSONField(null=True)),
        migrations.AddField(
            model_name="feedstate", name="access", field=models.BinaryField(default=b"", max_length=32)
        ),
        migrations.AddField(
            model_name="feedstate",
            name="built_at",
            field=models.DateTimeField(default=iocmarket.kernel.clock.now),
        ),
        migrations.CreateModel(
            name="ViewFiles",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("head", models.DateTimeField(null=True)),
                ("segments", models.JSONField(default=list)),
                (
                    "view",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="publication.view"
                    ),
                ),
            ],
        ),
        migrations.RunSQL(
            "CREATE INDEX feeds_told_apart ON publication_entry (view_id, date_added)"
            " WHERE state IN ('static', 'withdrawn')",
            "DROP INDEX feeds_told_apart",
        ),
    ]
