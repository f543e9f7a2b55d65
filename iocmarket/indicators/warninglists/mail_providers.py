"""Domains at which anybody has a mailbox: blocking one cuts its users off, and no member owns one."""

from __future__ import annotations

from typing import ClassVar

from django.utils.translation import gettext_lazy as _

from iocmarket.indicators.subjects import Subject
from iocmarket.indicators.types.base import Trait
from iocmarket.indicators.warninglists.base import Severity, WarningList, warning_lists

# What the providers offer to people in their own documentation; each line is one provider.
_LINES = (
    "gmail.com googlemail.com",
    "outlook.com outlook.fr hotmail.com hotmail.fr hotmail.co.uk live.com live.fr msn.com passport.com",
    "yahoo.com yahoo.fr yahoo.co.uk ymail.com rocketmail.com aol.com aol.fr",
    "icloud.com me.com mac.com",
    "proton.me protonmail.com protonmail.ch pm.me",
    "tutanota.com tutanota.de tutamail.com tuta.com tuta.io",
    "orange.fr wanadoo.fr voila.fr",
    "free.fr aliceadsl.fr libertysurf.fr",
    "sfr.fr neuf.fr cegetel.net club-internet.fr",
    "bbox.fr numericable.fr noos.fr",
    "laposte.net",
    "mailo.com netcourrier.com",
    "gmx.com gmx.fr gmx.de gmx.net web.de mail.com",
    "t-online.de freenet.de",
    "zoho.com zohomail.com zohomail.eu",
    "fastmail.com fastmail.fm",
    "posteo.net posteo.de mailbox.org infomaniak.com ik.me",
    "yandex.com yandex.ru mail.ru bk.ru inbox.ru list.ru rambler.ru",
    "qq.com 163.com 126.com sina.com naver.com",
    "libero.it virgilio.it tiscali.it",
    "telenet.be skynet.be bluewin.ch",
)
PROVIDERS = frozenset(name for line in _LINES for name in line.split())


def of_a_provider(name: str) -> bool:
    """Whether the name is one of these or lies under one."""
    labels = name.split(".")
    return any(".".join(labels[start:]) in PROVIDERS for start in range(len(labels)))


class MailProviders(WarningList):
    """The domains themselves. A mailbox at one, or what lies under one, is somebody's own: it is on no list."""

    name: ClassVar[str] = "mail-providers"
    label = _("Mail providers for everybody")
    version: ClassVar[str] = "2026-11"
    severity: ClassVar[Severity] = Severity.BLOCK_GUARD

    def matches(self, subject: Subject) -> bool:
        """A DNS name that is one of these."""
        return Trait.NAME in subject.traits and subject.name in PROVIDERS


warning_lists.register(MailProviders())
