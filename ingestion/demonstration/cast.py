"""Who plays: three invented institutions and their people. Any likeness to a real one would be an accident."""

from __future__ import annotations

from dataclasses import dataclass

from iocmarket.accounts.roles import Role


@dataclass(frozen=True, slots=True)
class House:
    """An invented institution: its key in the tables of the story, its name and its domain."""

    key: str
    name: str
    domain: str


@dataclass(frozen=True, slots=True)
class Person:
    """An invented member; `house` is the key of the institution."""

    house: str
    name: str
    email: str
    role: Role
    administrator: bool = False


VALBRUNE = House("valbrune", "Université de Valbrune", "univ-valbrune.fr")
MERIANE = House("meriane", "INP Mériane", "inp-meriane.fr")
ARDOISE = House("ardoise", "Université Haute-Ardoise", "univ-haute-ardoise.fr")
HOUSES = (VALBRUNE, MERIANE, ARDOISE)

PEOPLE = (
    Person("valbrune", "Camille Ferrand", "camille.ferrand@univ-valbrune.fr", Role.MANAGER, administrator=True),
    Person("valbrune", "Yanis Le Goff", "yanis.le-goff@univ-valbrune.fr", Role.CONTRIBUTOR),
    Person("valbrune", "Odile Marchetti", "odile.marchetti@univ-valbrune.fr", Role.READER),
    Person("meriane", "Thierry Aubanel", "thierry.aubanel@inp-meriane.fr", Role.MANAGER),
    Person("meriane", "Inès Bouvard", "ines.bouvard@inp-meriane.fr", Role.CONTRIBUTOR),
    Person("meriane", "Paul Quéméner", "paul.quemener@inp-meriane.fr", Role.READER),
    Person("ardoise", "Solène Vasseur", "solene.vasseur@univ-haute-ardoise.fr", Role.MANAGER),
    Person("ardoise", "Marc-Antoine Roche", "marc-antoine.roche@univ-haute-ardoise.fr", Role.CONTRIBUTOR),
    Person("ardoise", "Fatou Diarra", "fatou.diarra@univ-haute-ardoise.fr", Role.READER),
)
