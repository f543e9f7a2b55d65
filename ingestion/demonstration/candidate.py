"""Who asks to come in: an invented person of an invented school, and the word of somebody who knows him."""

from __future__ import annotations

from dataclasses import dataclass

from iocmarket.vetting.applying import Told


@dataclass(frozen=True, slots=True)
class Candidate:
    """An invented applicant, and what the form held."""

    email: str
    told: Told


@dataclass(frozen=True, slots=True)
class Word:
    """The vouch of one of cast.PEOPLE, by address."""

    email: str
    words: str


CANDIDATE = Candidate(
    "basile.tournier@ecole-corvelle.fr",
    Told(
        name="Basile Tournier",
        institution="École supérieure de Corvelle",
        why="RSSI depuis 2023. Inès Bouvard (INP Mériane) me connaît.",
        contact_email="ssi@ecole-corvelle.fr",
        domains=["ecole-corvelle.fr"],
    ),
)
VOUCH = Word("ines.bouvard@inp-meriane.fr", "Nous avons préparé ensemble l'exercice de crise régional.")
