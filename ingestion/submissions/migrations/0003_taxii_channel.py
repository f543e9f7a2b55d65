from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("submissions", "0002_answers_read_again"),
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
                    ("demonstration", "Demonstration"),
                ],
                max_length=15,
            ),
        ),
    ]
