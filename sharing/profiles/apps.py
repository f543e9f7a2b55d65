"""The profiles app."""

from django.apps import AppConfig


class ProfilesConfig(AppConfig):
    """Saved feeds, under names of the institutions' own."""

    name = "sharing.profiles"
    label = "profiles"

    def ready(self) -> None:
        """Let feed keys open profiles, keep the files of snapshots, and say what is kept."""
        from sharing.profiles import keeping, places, reasons  # noqa: PLC0415 (models may be imported from here on)

        keeping.register()
        places.register()
        reasons.register()
