"""The sentences of evidence's codes: why an archive is refused, and why one of its members was left out."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

ARCHIVES: dict[str, Promise] = {
    "authentication-failed": _("The archive was changed or cut off on its way: its seal does not fit."),
    "damaged": _("The archive is damaged."),
    "empty": _("There is nothing in the archive."),
    "no-matching-key": _("The archive is encrypted for another key than the platform's."),
    "not-a-recipient": _("The platform is not among those for whom the archive is encrypted."),
    "not-an-archive": _("This is no archive of a kind that is known here."),
    "passphrase-age": _(
        "The age file is under a passphrase: encrypt it for the recipient that the platform publishes."
    ),
    "ratio": _("The archive unpacks to more than a thousand times its size."),
    "too-deep": _("There are archives in archives, more of them than are opened."),
    "too-large": _("What is in the archive is larger than what is taken."),
    "too-many-entries": _("There are more files in the archive than are taken."),
    "truncated": _("The archive was cut off: its end is missing."),
    "unsupported": _("The archive is packed or encrypted in a way that is not known here."),
    "wrong-password": _("The password is missing or wrong."),
}
MEMBERS: dict[str, Promise] = {
    **ARCHIVES,  # an inner archive that cannot be opened is kept as a file, with the reason
    "absolute-name": _("Its name begins at the root of a disk."),
    "authentication-failed": _("It was changed: its seal does not fit."),
    "damaged": _("It is damaged."),
    "device": _("It is a device, not a file."),
    "empty-name": _("It has no name."),
    "link": _("It is a link, not a file."),
    "name-too-long": _("Its name is too long."),
    "special": _("It is neither a file nor a folder."),
    "too-deep": _("It is an archive too deep in others: kept, not opened."),
    "too-large": _("It is larger than what is taken of one file."),
    "traversal": _("Its name leads out of its folder."),
    "truncated": _("Its end is missing."),
    "unsupported": _("It is packed or encrypted in a way that is not known here."),
}
