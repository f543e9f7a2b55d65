"""The sentences of this app's codes (kernel/reasons.py)."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from iocmarket.kernel import reasons

SENTENCES: dict[str, Promise] = {
    "exemption_exists": _("There is such an exception already."),
    "list_empty": _("There is no value in the list."),
    "list_exists": _("A list of this name comes with the program: give yours another name."),
    "list_name": _("The name of a list has letters or digits."),
    "list_patterns": _("Lists of regular expressions are not taken: one slow expression would stop every submission."),
    "list_too_large": _("A list has at most 8 MiB and 200,000 values."),
    "no_such_exemption": _("This exception is gone already."),
    "no_such_list": _("There is no list of this name."),
    "no_such_severity": _("A hit cannot mean this."),
    "no_such_value": _("This is no value of an indicator."),
    "not_a_warning_list": _("The file is neither a warning list of MISP nor a text with one value a line."),
    "exemption_reason": _("Write why, in at most 400 characters."),
    "too_many_exemptions": _("There are 2,000 exceptions already."),
    "too_many_lists": _("There are 50 added lists already."),
}


def register() -> None:
    """Called once, when the app is ready."""
    reasons.tell(SENTENCES)
