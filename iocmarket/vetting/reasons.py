"""The sentences of the codes that only vetting refuses with (kernel/reasons.py)."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from iocmarket.kernel import reasons

SENTENCES: dict[str, Promise] = {
    "already_answered": _("This question has been answered already."),
    "already_decided": _("Somebody else has answered this application already."),
    "answer_required": _("An answer has words."),
    "charter_changed": _("A newer version of the charter was published meanwhile: read it, then accept it."),
    "charter_same": _("This is the text of the version that holds already."),
    "charter_text": _("The charter needs a text in French and in English."),
    "institution_required": _("The application names no institution."),
    "no_application": _("This person came through single sign-on and has no page to answer on."),
    "no_vouch": _("There is no vouch that you could withdraw."),
    "not_open_to_you": _("This application is not yours to answer."),
    "question_required": _("A question has words."),
    "too_many": _("These are too many: you can add more once you are in."),
    "vouched_already": _("Your institution has vouched for this application already."),
    "vouches_missing": _("Institutions still have to vouch. To do without, tick the box and give the reason."),
    "words_required": _("Say how you know this person: those who decide will read it."),
}


def register() -> None:
    """Called once, when the app is ready."""
    reasons.tell(SENTENCES)
