"""Members who were let in before addresses were confirmed keep theirs: somebody checked them by hand.

Applicants confirm theirs at their next log-in.
"""

from django.db import migrations


def give_addresses(apps, _schema_editor):
    """One confirmed address for each member who is in."""
    Member = apps.get_model("accounts", "Member")
    EmailAddress = apps.get_model("account", "EmailAddress")
    known = set(EmailAddress.objects.values_list("user_id", flat=True))
    EmailAddress.objects.bulk_create(
        EmailAddress(user_id=pk, email=email, verified=True, primary=True)
        for pk, email in Member.objects.exclude(state="applicant").values_list("pk", "email")
        if pk not in known
    )


class Migration(migrations.Migration):
    """Data alone."""

    dependencies = [
        ("accounts", "0006_sessions_and_reminders"),
        ("account", "0009_emailaddress_unique_primary_email"),
    ]

    operations = [migrations.RunPython(give_addresses, migrations.RunPython.noop)]
