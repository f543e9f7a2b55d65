"""Which passwords are refused, without asking anybody outside."""

from __future__ import annotations

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from iocmarket.accounts.models import Institution, Member

ADA = Member(
    email="ada.lovelace@univ-valbrune.fr", name="Ada Lovelace", institution=Institution(name="Université de Valbrune")
)


@pytest.mark.parametrize(
    "password",
    [
        "short one",
        "123456789012345",
        "password1234!",
        "Password2026!!",
        "p@ssw0rd2026!",
        "motdepasse2026",
        "Motdepasse!!2026",
        "azertyuiop12",
        "azertyuiop^$qsd",
        "qwertyuiop[]12",
        "abcdefghijkl",
        "aaaaaaaaaaaaaaa",
        "abcabcabcabcabc",
        "ada.lovelace@univ-valbrune.fr",
        "lovelace2026!",
        "Valbrune-2026",
        "Universite2026!",
        "iocmarche2026",
        "cybersecurite1",
        "Septembre2026!",
        "Décembre-2026",
        "M@rseille2026",
        "jetaimedoudou1",
        "Changemoi!2026",
        "RentréeUniversité26",
    ],
)
def test_what_many_take_first_is_refused(password: str) -> None:
    with pytest.raises(ValidationError):
        validate_password(password, ADA)


@pytest.mark.parametrize(
    "password",
    [
        "orage tambour citron violet",
        "correct horse battery staple",
        "une phrase assez longue",
        "correct horse battery",
        "Xk7#mQ2!vR9z",
        "marseille sous la pluie",
        "valbrune mais orage et tambour",
        "kD83hq-pwoz-19fj",
        "日本語のとても長い言葉です",
    ],
)
def test_what_is_hard_to_guess_is_taken(password: str) -> None:
    validate_password(password, ADA)
    validate_password(password)
