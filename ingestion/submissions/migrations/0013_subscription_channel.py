from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("submissions", "0012_column_memory"),
    ]

    operations = [
        migrations.AlterField(
            model_name="submission",
            name="channel",
            field=models.CharField(
                choices=[
                    ("web", "Web"),
                    ("api", "Api"),
                    ("taxii", "Taxii"),
                    ("command", "Command"),
                    ("mail", "Mail"),
                    ("subscription", "Subscription"),
                    ("demonstration", "Demonstration"),
                ],
                max_length=15,
            ),
        ),
    ]
