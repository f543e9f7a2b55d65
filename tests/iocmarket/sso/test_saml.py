"""SAML against a real provider: its own keys, a real HTTP page, answers signed by xmlsec1 (security.md, Log-in)."""

from __future__ import annotations

import base64
import copy
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from allauth.socialaccount.models import SocialAccount
from django.core.cache import cache
from django.test import Client
from lxml import etree
from pytest_django import Settings
from saml2.metadata import entity_descriptor
from saml2.xmldsig import DIGEST_SHA1, SIG_RSA_SHA1

from iocmarket.accounts.models import Member
from iocmarket.accounts.roles import Role
from iocmarket.sso.metadata import read_metadata
from iocmarket.sso.xml import NAMES
from tests.factories import make_member
from tests.iocmarket.sso.browser import Browser
from tests.iocmarket.sso.conftest import SCOPED, World, ada, configure, saml_provider
from tests.iocmarket.sso.saml_idp import XMLSEC1, IdP, make_key

pytestmark = pytest.mark.skipif(
    XMLSEC1 is None, reason="xmlsec1 signs the provider's answers (requirements/debian-test.txt)"
)

IdPs = tuple[IdP, IdP]


@pytest.fixture
def asked(saml: IdPs, settings: Settings) -> tuple[Browser, IdP, str, dict[str, str]]:
    """A browser that was sent to provider a: the provider, the request's id, and what a right answer has."""
    browser = Browser()
    request_id = saml[0].read_request(browser.leave("a"))
    ours = settings.PUBLIC_URL + "/accounts/sso/saml/"
    return browser, saml[0], request_id, {"acs": f"{ours}acs", "audience": f"{ours}metadata"}


Asked = tuple[Browser, IdP, str, dict[str, str]]


def nobody_is_in(browser: Browser, answer: Any) -> bool:
    """Whether it was refused and left nothing."""
    assert answer.status_code == 403
    return browser.member_id is None and not SocialAccount.objects.exists() and not Member.objects.exists()


def test_somebody_new_waits_in_the_institution_that_the_provider_speaks_for(saml: IdPs, world: World) -> None:
    browser = Browser()
    answer = browser.through_saml("a")
    assert (answer.status_code, answer["Location"]) == (302, "/account/waiting")
    member = browser.member
    assert (member.state, member.institution, member.role) == (Member.State.APPLICANT, world.a, Role.READER)
    assert (member.email, member.name) == ("ada@a.example", "Ada Exemple")
    account = SocialAccount.objects.get(user=member)
    assert (account.provider, account.uid) == (saml[0].entity_id, "subject-id:ada@a.example")


def test_the_next_log_in_finds_the_account_whatever_the_address_has_become(saml: IdPs) -> None:
    Browser().through_saml("a")
    saml[0].person.attributes["mail"] = ["ada.exemple@a.example"]
    browser = Browser()
    browser.through_saml("a")
    assert browser.member_id == Member.objects.get(email="ada@a.example").pk


def test_the_same_subject_of_another_provider_is_somebody_else(saml: IdPs, settings: Settings, world: World) -> None:
    Browser().through_saml("a")
    second = saml[1]
    second.person = ada("b.example", **{"subject-id": ["ada@a.example"]})
    browser = Browser()
    browser.through_saml("b")
    assert browser.member.institution == world.b
    assert SocialAccount.objects.filter(uid="subject-id:ada@a.example").count() == 2


def test_an_address_of_somebody_else_opens_nothing(saml: IdPs, world: World, settings: Settings) -> None:
    """Provider b says that its Ada has the address of an administrator of a."""
    victim = make_member(world.a, role=Role.MANAGER, email="ada@a.example", administrator=True)
    first, second = saml
    configure(
        settings,
        [saml_provider("a", first, "a.example", "Université A"),
         saml_provider("b", second, "b.example", "Université B", mail_domains=["a.example"])],
    )  # fmt: skip
    second.person = ada("b.example", mail=["ada@a.example"])
    browser = Browser()
    answer = browser.through_saml("b")
    assert answer.status_code == 403
    assert "existe déjà" in answer.content.decode()
    assert (browser.member_id, Member.objects.get(), SocialAccount.objects.count()) == (None, victim, 0)


@pytest.mark.parametrize(
    "said",
    [
        {SCOPED: ["employee@b.example"]},
        {SCOPED: ["employee@elsewhere.example"]},
        {SCOPED: []},
        {SCOPED: ["a.example.evil"]},
        {"mail": []},
        {"mail": ["ada@b.example"]},
        {"mail": ["ada@evila.example"]},
        {"subject-id": []},
        {"subject-id": ["ada@a.example", "bob@a.example"]},
    ],
    ids=str,
)  # fmt: skip
def test_what_a_provider_may_not_say_is_refused_and_nothing_is_stored(saml: IdPs, said: dict[str, Any]) -> None:
    saml[0].person = ada("a.example", **said)
    browser = Browser()
    assert nobody_is_in(browser, browser.through_saml("a"))


def test_two_institutions_at_once_are_refused(saml: IdPs, settings: Settings) -> None:
    words = saml_provider("a", saml[0], "a.example", "Université A")
    words["scopes"]["b.example"] = "Université B"
    configure(settings, [words])
    saml[0].person = ada("a.example", **{SCOPED: ["staff@a.example", "staff@b.example"]})
    browser = Browser()
    assert nobody_is_in(browser, browser.through_saml("a"))


def test_a_persistent_name_is_somebody_and_a_transient_one_nobody(saml: IdPs, settings: Settings) -> None:
    configure(settings, [saml_provider("a", saml[0], "a.example", "Université A", subject="persistent")])
    transient = Browser()
    assert nobody_is_in(transient, transient.through_saml("a"))
    saml[0].person.persistent = "opaque-1"
    Browser().through_saml("a")
    assert SocialAccount.objects.get().uid == "persistent:opaque-1"


def test_a_member_connects_and_logs_in(saml: IdPs, world: World) -> None:
    member = make_member(world.a, email="somebody@else.example")
    browser = Browser()
    browser.client.force_login(member)
    assert browser.through_saml("a", process="connect")["Location"] == "/account/connections"
    assert SocialAccount.objects.get().user == member


# — Real messages of the provider, for another place, moment, reader or question —


def test_both_kinds_of_signatures_are_taken(asked: Asked) -> None:
    browser, idp, request_id, right = asked
    answer = idp.answer(request_id, **right, sign_assertion=False, sign_response=True)
    assert browser.bring({"SAMLResponse": answer}).status_code == 302


@pytest.mark.parametrize(
    "wrong",
    [{"audience": "https://another.example/sp"}, {"acs": "https://another.example/acs"}, {"acs": "http://127.0.0.1:8000/"}],
    ids=str,
)  # fmt: skip
@pytest.mark.parametrize("signed", ["sign_assertion", "sign_response"])
def test_an_answer_for_somebody_else_is_refused(asked: Asked, wrong: dict[str, str], signed: str) -> None:
    browser, idp, request_id, right = asked
    choices: dict[str, Any] = {"sign_assertion": False, "sign_response": False, signed: True}
    answer = idp.answer(request_id, **{**right, **wrong}, **choices)
    assert nobody_is_in(browser, browser.bring({"SAMLResponse": answer}))


def test_a_weak_signature_is_refused(asked: Asked) -> None:
    browser, idp, request_id, right = asked
    answer = idp.answer(request_id, **right, sign_alg=SIG_RSA_SHA1, digest_alg=DIGEST_SHA1)
    assert nobody_is_in(browser, browser.bring({"SAMLResponse": answer}))


def test_an_answer_that_nobody_signed_is_refused(asked: Asked) -> None:
    browser, idp, request_id, right = asked
    answer = idp.answer(request_id, **right, sign_assertion=False)
    assert nobody_is_in(browser, browser.bring({"SAMLResponse": answer}))


def test_an_answer_of_another_provider_is_refused(asked: Asked, saml: IdPs) -> None:
    """Provider b answers what was asked of a: with its own name, and in the name of a."""
    browser, first, request_id, right = asked
    answer = saml[1].answer(request_id, **right)
    assert nobody_is_in(browser, browser.bring({"SAMLResponse": answer}))
    browser, request_id = Browser(), first.read_request((again := Browser()).leave("a"))
    answer = saml[1].answer(request_id, **right, issuer=saml[1].server._issuer(first.entity_id))
    assert nobody_is_in(again, again.bring({"SAMLResponse": answer}))


def test_nobody_logs_in_whom_nobody_asked_for(saml: IdPs, settings: Settings) -> None:
    """The provider begins: no InResponseTo at all, or one that this browser never sent."""
    ours = settings.PUBLIC_URL + "/accounts/sso/saml/"
    right = {"acs": f"{ours}acs", "audience": f"{ours}metadata"}
    for request_id in ("", "_invented"):
        browser = Browser()
        answer = saml[0].answer(request_id, **right)
        assert nobody_is_in(browser, browser.bring({"SAMLResponse": answer, "RelayState": "/search"}))


def test_an_assertion_is_not_moved_into_the_answer_to_another_question(asked: Asked) -> None:
    """The envelope is not signed: it may say what it wants, the assertion names the question that it answers."""
    _, idp, request_id, right = asked
    other = Browser()
    other_id = idp.read_request(other.leave("a"))
    root = decoded(idp.answer(request_id, **right))
    root.set("InResponseTo", other_id)
    assert nobody_is_in(other, other.bring({"SAMLResponse": encoded(root)}))


def test_an_assertion_that_nobody_asked_for_is_not_put_into_the_answer_to_a_question(asked: Asked) -> None:
    """A provider makes such assertions when somebody begins there: stolen, it must not open a browser of the thief."""
    browser, idp, request_id, right = asked
    root = decoded(idp.answer("", **right))
    confirmation = root.find(".//{urn:oasis:names:tc:SAML:2.0:assertion}SubjectConfirmationData")
    assert confirmation is not None
    assert not confirmation.get("InResponseTo")
    root.set("InResponseTo", request_id)
    assert nobody_is_in(browser, browser.bring({"SAMLResponse": encoded(root)}))


def test_an_assertion_for_a_place_whose_address_begins_like_ours_is_refused(asked: Asked) -> None:
    browser, idp, request_id, right = asked
    root = decoded(idp.answer(request_id, **{**right, "acs": f"{right['acs']}/elsewhere"}))
    root.set("Destination", right["acs"])
    assert nobody_is_in(browser, browser.bring({"SAMLResponse": encoded(root)}))


def test_an_answer_counts_once(asked: Asked) -> None:
    browser, idp, request_id, right = asked
    answer = idp.answer(request_id, **right)
    state = browser.client.session["socialaccount_states"]
    assert browser.bring({"SAMLResponse": answer}).status_code == 302
    assert browser.bring({"SAMLResponse": answer}).status_code == 403
    replayed = Browser()
    replayed.leave("a")
    session = replayed.client.session
    session["socialaccount_states"] = state  # even where the question is open again
    session.save()
    assert replayed.bring({"SAMLResponse": answer}).status_code == 403
    assert replayed.member_id is None
    cache.clear()
    assert replayed.client.session["socialaccount_states"] == {}


@pytest.mark.parametrize("shift", [timedelta(hours=-2), timedelta(minutes=-11), timedelta(minutes=11)], ids=str)
def test_an_answer_of_another_time_is_refused(asked: Asked, shift: timedelta) -> None:
    browser, idp, request_id, right = asked
    answer = idp.answer(request_id, **right)
    with time_machine.travel(datetime.now(UTC) - shift, tick=False):
        answer_later = browser.bring({"SAMLResponse": answer})
    assert nobody_is_in(browser, answer_later)


@pytest.mark.parametrize("relay", ["https://evil.example/", "//evil.example", "/search", "javascript:alert(1)"])
def test_relay_state_sends_nobody_anywhere(asked: Asked, relay: str) -> None:
    browser, idp, request_id, right = asked
    answer = browser.bring({"SAMLResponse": idp.answer(request_id, **right), "RelayState": relay})
    assert answer["Location"] == "/account/waiting"


# — Tampering with a real message —


def decoded(answer: str) -> etree._Element:
    return etree.fromstring(base64.b64decode(answer))


def encoded(root: etree._Element) -> str:
    return base64.b64encode(etree.tostring(root)).decode()


def evil(assertion: etree._Element) -> etree._Element:
    """A copy without signature that says somebody else."""
    made = copy.deepcopy(assertion)
    for signature in made.findall("ds:Signature", NAMES):
        made.remove(signature)
    for value in made.iterfind(".//saml:AttributeValue", NAMES):
        value.text = (value.text or "").replace("ada@", "president@")
    made.set("ID", "_evil")
    return made


def before(root: etree._Element, original: etree._Element) -> None:
    root.insert(list(root).index(original), evil(original))


def after(root: etree._Element, original: etree._Element) -> None:
    root.append(evil(original))


def instead_with_the_original_in_the_signature(root: etree._Element, original: etree._Element) -> None:
    made = evil(original)
    keep_signature(original, made)
    for signature in made.findall("ds:Signature", NAMES):
        holder = etree.SubElement(signature, f"{{{NAMES['ds']}}}Object")
        holder.append(copy.deepcopy(original))
    root.replace(original, made)


def around_the_original(root: etree._Element, original: etree._Element) -> None:
    made = evil(original)
    root.replace(original, made)
    made.append(original)


def with_the_same_id(root: etree._Element, original: etree._Element) -> None:
    made = evil(original)
    made.set("ID", original.get("ID", ""))
    root.insert(list(root).index(original), made)


def keep_signature(original: etree._Element, made: etree._Element) -> None:
    for signature in original.findall("ds:Signature", NAMES):
        made.insert(1, copy.deepcopy(signature))


def in_an_extension(root: etree._Element, original: etree._Element) -> None:
    made = evil(original)
    keep_signature(original, made)
    root.replace(original, made)
    holder = etree.Element(f"{{{NAMES['samlp']}}}Extensions")
    holder.append(original)
    root.insert(1, holder)


def with_another_value(root: etree._Element, original: etree._Element) -> None:
    for value in original.iterfind(".//saml:AttributeValue", NAMES):
        value.text = (value.text or "").replace("ada@", "president@")


def without_signature(root: etree._Element, original: etree._Element) -> None:
    root.replace(original, evil(original))


def with_the_signature_alone(root: etree._Element, original: etree._Element) -> None:
    """The original keeps its digest, the copy its signature value: what XML signature wrapping began with."""
    made = evil(original)
    keep_signature(original, made)
    root.replace(original, made)


WRAPPINGS = [
    before, after, instead_with_the_original_in_the_signature, around_the_original, with_the_same_id, in_an_extension,
    with_another_value, without_signature, with_the_signature_alone,
]  # fmt: skip


@pytest.mark.parametrize("wrapping", WRAPPINGS, ids=lambda one: one.__name__)
@pytest.mark.parametrize("signed", ["assertion", "response", "both"])
def test_a_message_that_was_changed_is_refused(asked: Asked, wrapping: Callable[..., None], signed: str) -> None:
    browser, idp, request_id, right = asked
    answer = idp.answer(
        request_id,
        **right,
        sign_assertion=signed in {"assertion", "both"},
        sign_response=signed in {"response", "both"},
    )
    root = decoded(answer)
    original = root.find("saml:Assertion", NAMES)
    assert original is not None
    wrapping(root, original)
    assert nobody_is_in(browser, browser.bring({"SAMLResponse": encoded(root)}))


def test_a_comment_inside_a_value_does_not_cut_it(asked: Asked) -> None:
    """Comments are not part of what is signed: `ada@a.example<!-- -->.evil` must not be read as `ada@a.example`."""
    browser, idp, request_id, right = asked
    idp.person = ada("a.example", **{"subject-id": ["ada@a.example.evil"]})
    root = decoded(idp.answer(request_id, **right))
    (value,) = [one for one in root.iterfind(".//saml:AttributeValue", NAMES) if one.text == "ada@a.example.evil"]
    value.text = "ada@a.example"
    comment = etree.Comment("")
    comment.tail = ".evil"
    value.append(comment)
    browser.bring({"SAMLResponse": encoded(root)})
    assert not SocialAccount.objects.filter(uid="subject-id:ada@a.example").exists()


DOCTYPE = b'<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize(
    "answer",
    ["", "x", "%%%", base64.b64encode(b"no xml").decode(), base64.b64encode(b"<r/>").decode(),
     base64.b64encode(DOCTYPE + b"<r>&x;</r>").decode(), base64.b64encode(b"\xff\xfe").decode(), "A" * 300_000],
    ids=range(8),
)  # fmt: skip
def test_what_is_no_answer_is_refused(saml: IdPs, answer: str) -> None:
    browser = Browser()
    browser.leave("a")
    assert nobody_is_in(browser, browser.bring({"SAMLResponse": answer}))


def test_an_answer_with_a_document_type_is_refused(asked: Asked) -> None:
    browser, idp, request_id, right = asked
    content = base64.b64decode(idp.answer(request_id, **right))
    body = content[content.index(b"?>") + 2 :] if content.startswith(b"<?xml") else content
    answer = base64.b64encode(DOCTYPE + body).decode()
    assert nobody_is_in(browser, browser.bring({"SAMLResponse": answer}))


# — Ourselves —


def test_our_addresses_are_the_operators_and_not_the_requests(saml: IdPs, settings: Settings) -> None:
    page = Client().get("/accounts/sso/saml/metadata", headers={"host": "evil.example"})
    assert b"evil.example" not in page.content
    root = etree.fromstring(page.content)
    assert root.get("entityID") == f"{settings.PUBLIC_URL}/accounts/sso/saml/metadata"
    (acs,) = root.iterfind(".//md:AssertionConsumerService", NAMES)
    assert acs.get("Location") == f"{settings.PUBLIC_URL}/accounts/sso/saml/acs"


def test_a_providers_metadata_are_read(saml: IdPs) -> None:
    found = read_metadata(str(entity_descriptor(saml[0].server.config)))
    assert (found.entity_id, found.sso_url, found.certificates) == (
        saml[0].entity_id, saml[0].sso_url, (saml[0].certificate,),
    )  # fmt: skip


def test_requests_are_signed_and_assertions_decrypted_with_a_key(saml: IdPs, settings: Settings, tmp_path: Any) -> None:
    key, certificate = make_key(tmp_path, "us")
    configure(
        settings,
        [saml_provider("a", saml[0], "a.example", "Université A")],
        service={"key_file": str(key), "certificate_file": str(certificate)},
    )
    browser = Browser()
    where = browser.leave("a")
    assert "&Signature=" in where
    request_id = saml[0].read_request(where)
    ours = settings.PUBLIC_URL + "/accounts/sso/saml/"
    answer = saml[0].answer(
        request_id, acs=f"{ours}acs", audience=f"{ours}metadata", encrypt_assertion=True, sign_assertion=False,
        sign_response=True, encrypt_cert_assertion=certificate.read_text(),
    )  # fmt: skip
    assert b"EncryptedAssertion" in base64.b64decode(answer)
    assert browser.bring({"SAMLResponse": answer}).status_code == 302
    assert SocialAccount.objects.count() == 1
