"""Why an application cannot be answered so, as people read it. The services keep codes and an English sentence."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

REASONS: dict[str, Promise] = {
    "already_decided": _("Somebody else has answered this application already."),
    "institution_not_open": _("The institution is suspended or has left the community."),
    "institution_required": _("The application names no institution."),
    "reason_required": _("A refusal needs a reason: the applicant will read it."),
}
