"""What a password must not be, beyond Django's checks; nothing is asked outside, no list is fetched.

Django's list holds 19 646 common passwords, 187 of them of twelve characters or more: people make one longer with a
year, a mark at the end, or by saying it twice. So the list is asked about what is left when such padding is taken away.
It is English: what is taken most in French stands here (FRENCH).
"""

from __future__ import annotations

import re
import unicodedata

from django.conf import settings
from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from iocmarket.accounts.models import Member

REST = 6
"""Characters that must remain beside a known word: fewer add too little."""
SHORTEST_WORD = 4
ROWS = (
    "azertyuiop^$qsdfghjklmu*wxcvbn,;:!",
    "qwertyuiop[]asdfghjkl;'zxcvbnm,./",
    "azertyuiopqsdfghjklmwxcvbn",
    "qwertyuiopasdfghjklzxcvbnm",
    "qwertzuiopasdfghjklyxcvbnm",
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890123456789",
)
_LOOK_ALIKES = str.maketrans("@013457$!€", "aoieastsie")
_TAKEN_IN_FRENCH = """
motdepasse bonjour bonsoir soleil azerty cybersecurite securite informatique universite etablissement laboratoire
administrateur administration administratrice utilisateur bienvenue connexion session changemoi provisoire
temporaire secret ordinateur internet reseau serveur recherche etudiant professeur bibliotheque campus rectorat
janvier fevrier mars avril juin juillet aout septembre octobre novembre decembre printemps automne hiver vacances
lundi mardi mercredi jeudi vendredi samedi dimanche rentree noel anniversaire
doudou loulou chouchou coucou jetaime amour bisous cherie papillon princesse licorne chocolat camille nicolas
thomas julien sebastien christophe philippe stephane frederic alexandre isabelle nathalie catherine
france paris marseille lyon toulouse bordeaux strasbourg grenoble nantes lille rennes montpellier bretagne
olympique football portugal allezlesbleus
"""
FRENCH = tuple(_TAKEN_IN_FRENCH.split())
"""Without accents. One of them with a year and a mark is nobody's secret; beside other words it does no harm."""


class NotPredictable:
    """Refuses a common word with padding, the names that everybody knows of the person, repetitions, keyboard walks."""

    def __init__(self) -> None:
        self._common = CommonPasswordValidator()

    def validate(self, password: str, user: Member | None = None) -> None:
        """Raises ValidationError(`password_predictable`), which says what is wrong and not which word it was."""
        plain = _plain(password)
        words = [*FRENCH, *_names_around(user)]
        if _is_repetition(plain) or _is_walk(plain) or self._is_common_inside(plain) or _is_word_inside(plain, words):
            raise ValidationError(self.get_help_text(), code="password_predictable")

    def get_help_text(self) -> str:
        """One sentence for the form."""
        return _("Take several words that have nothing to do with each other, with you or with your institution.")

    def _is_common_inside(self, plain: str) -> bool:
        """What is left without its digits and marks at both ends, and with look-alikes read as letters."""
        core = re.sub(r"^[\W\d_]+|[\W\d_]+$", "", plain)
        cores = {core, core.translate(_LOOK_ALIKES), re.sub(r"[\W\d_]", "", plain)}
        return any(len(word) >= SHORTEST_WORD and word in self._common.passwords for word in cores)


def _plain(text: str) -> str:
    """Lower case, without accents."""
    parts = unicodedata.normalize("NFKD", text.casefold())
    return "".join(sign for sign in parts if not unicodedata.combining(sign))


def _names_around(user: Member | None) -> list[str]:
    """The words of the person's name, address and institution, and of the community."""
    told = [settings.COMMUNITY_NAME]
    if user is not None:
        told += [user.email, user.name, user.institution.name if user.institution else ""]
    words = [word for text in told for word in re.split(r"[\W_]+", _plain(text))]
    return [word for word in words if len(word) >= SHORTEST_WORD]


def _is_word_inside(plain: str, words: list[str]) -> bool:
    """Whether little is left when those words are taken out."""
    rests = {plain, plain.translate(_LOOK_ALIKES)}
    found = False
    for word in sorted(words, key=len, reverse=True):
        found = found or any(word in rest for rest in rests)
        rests = {rest.replace(word, "") for rest in rests}
    return found and min(len(re.sub(r"[\W\d_]", "", rest)) for rest in rests) < REST


def _is_repetition(plain: str) -> bool:
    """The same few characters over and over."""
    return any(plain == (plain[:size] * len(plain))[: len(plain)] for size in range(1, len(plain) // 2 + 1))


def _is_walk(plain: str) -> bool:
    """Made of pieces of three or more neighbours, on a keyboard or in the alphabet, in either direction."""
    rows = [*ROWS, *(row[::-1] for row in ROWS)]
    steps = sum(any(plain[at : at + 3] in row for row in rows) for at in range(len(plain) - 2))
    return len(plain) > 2 and steps >= (len(plain) - 2) * 3 / 4
