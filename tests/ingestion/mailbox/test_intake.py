"""A mail of a member is shared, answered and kept nowhere; everybody else's is left alone."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.core.management import call_command
from django.db import connection

from ingestion.mailbox.intake import LaterError, take
from ingestion.mailbox.keys import KEYS_MAX, make_key, revoke_key
from ingestion.mailbox.models import MailKey, TakenMail
from ingestion.mailbox.signatures import UnsureError
from ingestion.submissions.models import Submission
from iocmarket.accounts.models import Institution, Member
from iocmarket.accounts.people import remove_member
from iocmarket.accounts.roles import Role
from iocmarket.audit.services import PLATFORM
from iocmarket.indicators.models import Contribution, Report
from iocmarket.kernel import clock
from iocmarket.kernel.decision import Refusal
from iocmarket.kernel.marking import PAP, TLP
from tests.factories import make_member
from tests.ingestion.mailbox.conftest import FROM, INLINE, VICTIM, mail, secret_for, signed, with_attached
from tests.mailbox import Mailbox

Texts = Callable[[str], bytes | None]
pytestmark = pytest.mark.django_db


def _said() -> dict[str, Contribution]:
    return {x.indicator.value: x for x in Contribution.unscoped.select_related("indicator", "report")}


def _dump() -> str:
    """Everything that the database holds, as text."""
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            cursor.execute(f'SELECT t::text FROM "{table}" t')
            found += [row[0] for row in cursor.fetchall()]
    return "\n".join(found)


def test_a_forwarded_text_is_shared_in_the_name_of_its_sender(lea: Member, mailbox: Mailbox) -> None:
    assert take(mail().as_bytes(), secret_for(lea)) == 1
    submission = Submission.objects.get()
    assert (submission.channel, submission.author, submission.token) == ("mail", lea, None)
    said = _said()
    assert "support@mail-alerte-quota.top" in said
    assert any("connexion-cas-valbrune.top/login" in value for value in said)
    assert {(x.tlp, x.pap, x.threat_type) for x in said.values()} == {(TLP.AMBER, PAP.GREEN, "phishing")}
    assert Report.objects.get().title == "Votre boîte est pleine"
    [letter] = mailbox.letters(FROM)
    assert "connexion-cas-valbrune[.]top" in letter.text
    assert f"/share/{submission.public_id}" in letter.text
    assert "TR: Votre boîte est pleine" in letter.subject
    assert letter.message["Auto-Submitted"] == "auto-generated"


def test_no_recipient_is_kept_anywhere(lea: Member, mailbox: Mailbox) -> None:
    before = _dump().count(FROM)
    take(mail(Cc="chef@univ-meriane.fr").as_bytes(), secret_for(lea))
    scam = "Service paie <paie@facture-impots.top>"
    inner = mail("Payez ici : https://facture-impots.top/\n", to=VICTIM, subject="Facture", From=scam)
    take(with_attached(mail("Voir ci-joint.", Message_ID="<2@x>"), inner).as_bytes(), secret_for(lea))
    dump = _dump()
    assert Submission.objects.count() == 2
    assert not re.search(r"compta[._]paie|chef@|compta\.paie(?:@|%40)", dump, re.IGNORECASE)
    assert dump.count(FROM) == before
    assert VICTIM not in "".join(letter.text + letter.subject for letter in mailbox.letters())


def test_an_attached_mail_is_what_is_read(lea: Member, mailbox: Mailbox) -> None:
    inner = mail("Payez : https://facture-impots.top/a\n", to=VICTIM, subject="Facture")
    take(with_attached(mail("Voir https://intranet.univ-meriane.fr/aide"), inner).as_bytes(), secret_for(lea))
    assert "https://facture-impots.top/a" in _said()
    assert not any("intranet" in value for value in _said())
    assert len(mailbox.letters(FROM)) == 1


def test_an_attached_table_is_read_by_its_reader(lea: Member, mailbox: Mailbox) -> None:
    outer = mail("Notre liste.")
    outer.add_attachment(b"valeur;tlp\n45.1.2.3;GREEN\n", maintype="text", subtype="csv", filename="ioc.csv")
    outer.add_attachment(b"\x89PNG", maintype="image", subtype="png", filename="logo.png")
    assert take(outer.as_bytes(), secret_for(lea)) == 1
    assert {value: x.tlp for value, x in _said().items()} == {"45.1.2.3": TLP.GREEN}
    assert "45.1.2[.]3" in mailbox.letters(FROM)[0].text


def test_one_attachment_that_cannot_be_read_harms_no_other(lea: Member, mailbox: Mailbox) -> None:
    outer = mail("Deux listes.")
    for name, text in (("a.csv", "valeur\n45.1.2.4\x00\n"), ("b.csv", "valeur\n45.1.2.3\n")):
        outer.add_attachment(text.encode(), maintype="text", subtype="csv", filename=name)
    assert take(outer.as_bytes(), secret_for(lea)) == 1
    assert set(_said()) == {"45.1.2.3"}
    text = mailbox.letters(FROM)[0].text
    assert "== a.csv" in text
    assert "== b.csv" in text


@pytest.mark.parametrize(
    ("subject", "note", "tlp", "pap"),
    [
        ("TLP:GREEN PAP:CLEAR TR: x", "", TLP.GREEN, PAP.CLEAR),
        ("TR: x", "TLP:CLEAR\n", TLP.CLEAR, PAP.GREEN),
        ("TR: TLP:CLEAR x", "", TLP.AMBER, PAP.GREEN),
        ("TR: TLP:AMBER+STRICT x", "", TLP.AMBER_STRICT, PAP.GREEN),
        ("TLP:GREEN TR: x", "PAP:RED\nTLP:AMBER\n", TLP.AMBER, PAP.RED),
    ],
    ids=["before", "note", "theirs-looser", "theirs-stricter", "both"],
)
def test_markings_of_ones_own_words_count_and_those_of_the_mail_only_when_stricter(
    subject: str, note: str, tlp: TLP, pap: PAP, lea: Member
) -> None:
    take(mail(note + INLINE, subject=subject).as_bytes(), secret_for(lea))
    assert {(x.tlp, x.pap) for x in _said().values()} == {(tlp, pap)}


def test_what_is_red_is_its_senders_alone_and_in_no_mail(lea: Member, mailbox: Mailbox) -> None:
    take(mail(subject="TLP:RED TR: x").as_bytes(), secret_for(lea))
    assert {(x.tlp, x.audience, x.author_id) for x in _said().values()} == {(TLP.RED, "own", lea.pk)}
    [letter] = mailbox.letters(FROM)
    assert "valbrune" not in letter.text
    assert "/share/" in letter.text


def test_delivered_twice_is_taken_once(lea: Member, mailbox: Mailbox) -> None:
    secret = secret_for(lea)
    assert [take(mail().as_bytes(), secret) for _ in range(2)] == [1, 0]
    assert (Submission.objects.count(), TakenMail.objects.count(), len(mailbox.letters())) == (1, 1, 1)


def test_a_mail_without_anything_is_answered(lea: Member, mailbox: Mailbox) -> None:
    assert take(mail("Bonjour, rien du tout.", subject="Essai").as_bytes(), secret_for(lea)) == 0
    assert "pièce jointe" in mailbox.letters(FROM)[0].text
    assert not Submission.objects.exists()


def test_the_letter_is_in_the_language_of_its_reader(lea: Member, mailbox: Mailbox) -> None:
    Member.objects.filter(email=FROM).update(language="en")
    take(mail().as_bytes(), secret_for(lea))
    assert "This is what became of it" in mailbox.letters(FROM)[0].text


@pytest.mark.parametrize(
    "header",
    [{"Auto_Submitted": "auto-replied"}, {"Precedence": "bulk"}, {"List_Id": "<liste.univ.fr>"}],
    ids=["answer", "bulk", "list"],
)
def test_what_a_program_sent_is_left_alone(header: dict[str, str], lea: Member, mailbox: Mailbox) -> None:
    assert take(mail(**header).as_bytes(), secret_for(lea)) == 0
    assert mailbox.letters() == []


def test_a_signed_mail_of_a_registered_address_needs_no_key(lea: Member, texts: Texts, mailbox: Mailbox) -> None:
    assert take(signed(mail()), "", texts=texts) == 1
    assert Submission.objects.get().author == lea
    assert len(mailbox.letters(FROM)) == 1


def _changed(data: bytes) -> bytes:
    return data.replace(b"pleine", b"vide  ")


def _longer(data: bytes) -> bytes:
    return data + b"http://ajout.top/\r\n"


def _second_from(data: bytes) -> bytes:
    return b"From: x@y.fr\r\n" + data


def _second_subject(data: bytes) -> bytes:
    return data.replace(b"Subject:", b"Subject: TLP:CLEAR\r\nSubject:", 1)


@pytest.mark.parametrize("forged", [_changed, _longer, _second_from, _second_subject])
def test_a_signed_mail_that_was_changed_is_nobodys(forged: Callable[[bytes], bytes], lea: Member, texts: Texts) -> None:
    assert lea.pk
    assert take(forged(signed(mail())), "", texts=texts) == 0
    assert not Submission.objects.exists()


@pytest.mark.parametrize(
    "made",
    [
        lambda: mail().as_bytes(),
        lambda: signed(mail(), domain="attacker.top"),
        lambda: signed(mail(), domain="fr"),
        lambda: signed(mail(), covered="from to date"),
        lambda: signed(mail(), covered="from subject date"),
        lambda: signed(mail(to="ami@attacker.top")),
    ],
    ids=["unsigned", "other-domain", "suffix", "subject-uncovered", "recipient-uncovered", "not-to-us"],
)
def test_what_the_members_server_did_not_sign_for_us_is_refused_and_the_member_told(
    made: Callable[[], bytes], lea: Member, texts: Texts, mailbox: Mailbox
) -> None:
    assert lea.pk
    assert take(made(), "", texts=texts) == 0
    assert not Submission.objects.exists()
    [letter] = mailbox.letters()
    assert letter.to == FROM
    assert "DKIM" in letter.text


def test_whoever_is_no_member_gets_no_answer(lea: Member, texts: Texts, mailbox: Mailbox) -> None:
    made = mail()
    del made["From"]
    made["From"] = "inconnu@univ-meriane.fr"
    assert take(signed(made), "", texts=texts) == 0
    assert mailbox.letters() == []
    assert lea.submissions.count() == 0


def test_while_the_dns_is_silent_the_mail_server_keeps_the_mail(lea: Member) -> None:
    def silent(_name: str) -> bytes | None:
        raise UnsureError

    assert lea.pk
    with pytest.raises(LaterError):
        take(signed(mail()), "", texts=silent)


def test_a_revoked_key_opens_nothing(lea: Member, mailbox: Mailbox) -> None:
    secret = secret_for(lea)
    revoke_key(MailKey.objects.get(), actor=PLATFORM)
    assert take(mail().as_bytes(), secret) == 0
    assert mailbox.letters() == []


def _reader(member: Member) -> None:
    Member.objects.filter(email=member.email).update(role=Role.READER)


def _read_only(member: Member) -> None:
    Institution.objects.filter(members=member).update(read_only_since=clock.now())


@pytest.mark.parametrize("closed", [_reader, _read_only])
def test_who_may_only_read_shares_nothing_and_is_told(
    closed: Callable[[Member], None], lea: Member, mailbox: Mailbox
) -> None:
    secret = secret_for(lea)
    closed(lea)
    assert take(mail().as_bytes(), secret) == 0
    assert len(mailbox.letters(FROM)) == 1
    assert not Submission.objects.exists()


def test_who_is_no_member_any_more_is_not_written_to(lea: Member, mailbox: Mailbox) -> None:
    secret = secret_for(lea)
    manager = make_member(lea.institution, role=Role.MANAGER)
    remove_member(lea, by=manager)
    mailbox.letters()
    count = len(mailbox.received)
    assert take(mail().as_bytes(), secret) == 0
    assert len(mailbox.letters()) == count


def test_too_many_of_one_member_wait_at_the_mail_server(lea: Member, settings: object) -> None:
    settings.LIMITS = {"LIMIT_MAILBOX": "1/3600", "*": "0"}  # type: ignore[attr-defined]
    secret = secret_for(lea)
    take(mail().as_bytes(), secret)
    with pytest.raises(LaterError):
        take(mail(Message_ID="<9@x>").as_bytes(), secret)


def test_five_keys_are_enough(lea: Member) -> None:
    for _ in range(KEYS_MAX):
        make_key(lea, actor=PLATFORM)
    with pytest.raises(Refusal) as caught:
        make_key(lea, actor=PLATFORM)
    assert caught.value.code == "too_many_mail_keys"


def test_no_key_is_kept_in_clear(lea: Member) -> None:
    assert secret_for(lea) not in _dump()


@pytest.mark.parametrize(
    "data",
    [b"", b"\x00\xff" * 1000, b"Content-Type: multipart/mixed; boundary=a\r\n\r\n" + b"--a\r\n\r\nx\r\n" * 600],
    ids=["empty", "noise", "parts"],
)
def test_a_hostile_mail_is_answered_and_over(data: bytes, lea: Member, mailbox: Mailbox) -> None:
    assert take(data, secret_for(lea)) == 0
    assert len(mailbox.letters(FROM)) == 1


def test_old_traces_are_purged(lea: Member) -> None:
    take(mail().as_bytes(), secret_for(lea))
    TakenMail.objects.update(at=clock.now().replace(year=2020))
    call_command("purge", verbosity=0)
    assert not TakenMail.objects.exists()
