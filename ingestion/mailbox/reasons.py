"""The sentences of this app's codes (kernel/reasons.py)."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ingestion.submissions.reasons import fault_of
from iocmarket.kernel import reasons
from iocmarket.kernel.decision import Refusal

SENTENCES: dict[str, Promise] = {
    "mail_nothing": _(
        "Nothing in it is an indicator that can be shared: forward the suspicious mail as an attachment."
    ),
    "mail_reader": _("You may read, not share: a manager of your institution can change that."),
    "mail_too_large": _("The mail is larger than 25 MiB."),
    "mail_unverified": _(
        "We cannot tell that the mail is yours: your mail server did not sign it (DKIM) together with its subject and"
        " recipient. Make an address of your own on the page below and write to that one."
    ),
    "mailbox_off": _("The community takes no mails yet: its operator has not set up an address."),
    "too_many_mail_keys": _("You have five addresses already: revoke one first."),
}


def register() -> None:
    """Called once, when the app is ready."""
    reasons.tell(SENTENCES)


def said(refusal: Refusal) -> str:
    """One refusal as a sentence, in the language of the moment."""
    return str(SENTENCES.get(refusal.code) or fault_of(refusal))
