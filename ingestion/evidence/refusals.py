"""The sentences of this app's refusals: why a case, a guest or an upload is not taken."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from iocmarket.kernel import reasons

SENTENCES: dict[str, Promise] = {
    "archive_too_large": _("The archive is larger than one may be."),
    "bad_case_marking": _("A case is marked TLP:CLEAR to TLP:AMBER+STRICT, within what you may read yourself."),
    "bad_case_title": _("A case has a title of one line, up to two hundred characters."),
    "bad_cursor": _("The list goes on with another address than this one: begin it anew."),
    "bad_filename": _("The archive needs a file name of one line, up to 255 characters."),
    "bad_limit": _("A page has 1 to 1000 records."),
    "bad_moment": _("This is no moment: write it as in 2026-11-03T10:15."),
    "bad_password": _("The password of the archive is too long or has characters that no header carries."),
    "bad_search": _("At most 500 characters are looked for."),
    "cannot_be_guest": _("Guests are contributors or managers of another member institution, by their address."),
    "empty_archive": _("The archive is empty."),
    "names_source": _("The text names the machine, a person on it, the archive or the case: take that out first."),
    "no_evidence_keys": _("The evidence worker has not made its keys yet: try again in a moment."),
    "not_proposed": _("A value is none of those that may be shared out of this archive."),
    "nothing_chosen": _("Choose at least one value."),
    "quota_used_up": _("Your institution has used up its room for evidence: shred archives first."),
    "too_many_guests": _("The case has fifty guests already: take one out first."),
    "too_many_pieces": _("The upload comes in too many pieces: send larger ones."),
    "unknown_filter": _("Records are found by text, dataset and time alone."),
}

OF_UPLOADS = (
    "archive_too_large", "bad_filename", "bad_password", "empty_archive", "no_evidence_keys", "quota_used_up",
    "too_many_pieces",
)  # fmt: skip
"""Those that the script of a case's page tells: the API answers with a sentence for programs, in English."""


def register() -> None:
    """Called once, when the app is ready."""
    reasons.tell(SENTENCES)
