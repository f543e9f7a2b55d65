"""Why an act of vetting is refused, as people read it. The services keep codes and an English sentence."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from iocmarket.kernel.decision import Refusal

REASONS: dict[str, Promise] = {
    "already_answered": _("This question has been answered already."),
    "already_decided": _("Somebody else has answered this application already."),
    "answer_required": _("An answer has words."),
    "bad_domain": _("Write each domain like univ-example.fr, one a line."),
    "bad_network": _("Write each network like 193.52.0.0/16, one a line; private and very wide ones belong to nobody."),
    "charter_changed": _("A newer version of the charter was published meanwhile: read it, then accept it."),
    "charter_same": _("This is the text of the version that holds already."),
    "charter_text": _("The charter needs a text in French and in English."),
    "institution_not_open": _("The institution is suspended or has left the community."),
    "institution_required": _("The application names no institution."),
    "no_application": _("This person came through single sign-on and has no page to answer on."),
    "no_vouch": _("There is no vouch that you could withdraw."),
    "not_open_to_you": _("This application is not yours to answer."),
    "not_yours": _("The question was put to somebody else."),
    "public_suffix": _("Anybody may register under one of these domains."),
    "question_required": _("A question has words."),
    "reason_required": _("A refusal needs a reason, and so does approving without the vouches."),
    "too_many": _("These are too many: you can add more once you are in."),
    "vouched_already": _("Your institution has vouched for this application already."),
    "vouches_missing": _("Institutions still have to vouch. To do without, tick the box and give the reason."),
    "words_required": _("Say how you know this person: those who decide will read it."),
}


def said(refusal: Refusal) -> str:
    """The sentence of a refusal in the reader's language."""
    return str(REASONS.get(refusal.code, refusal.detail))
