"""The table of every route: its class, and how a reader asks it about a value.

A route that is missing here fails tests/contract/test_exits.py. `tells` says whether a statement that the reader may
see changes the answer: the control that shows that the comparison can fail at all.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.test import Client

from iocmarket.accounts.models import Institution
from iocmarket.indicators.recognise import recognise
from sharing.feeds.formats.base import Format, LineFormat, formats


@dataclass(frozen=True, slots=True)
class Subject:
    """The value that is asked about, under every name by which it can be asked for."""

    value: str
    public_id: UUID
    contribution_id: UUID
    stix_id: UUID
    around: str
    """What a search for its surroundings asks for: a suffix, a network."""


@dataclass(frozen=True, slots=True)
class Reader:
    """An institution with a machine that may do everything, a person who may do everything, and a key of one feed."""

    institution: Institution
    machine: Client
    person: Client
    anybody: Client
    community: UUID
    inbox: UUID
    depot: UUID
    feed_key: str
    profile_key: str
    """Opens its saved feed `suivi`, a CSV."""
    folder_key: str
    """Opens its saved feed `dossier`, a MISP feed."""


Ask = Callable[[Reader, Subject], Any]


@dataclass(frozen=True, slots=True)
class Asking:
    """One way to ask one exit."""

    name: str
    ask: Ask
    tells: bool | frozenset[str] = True
    """Whether the answer changes with what the reader may see; or of which IOC types it does."""

    def tells_of(self, type_name: str) -> bool:
        """Whether the answer changes with a value of that type."""
        return self.tells if isinstance(self.tells, bool) else type_name in self.tells


@dataclass(frozen=True, slots=True)
class Exit:
    """One route. `kind`: open (anybody), account (log-in and its like), page (a person), machine (a token, mostly)."""

    kind: str
    askings: tuple[Asking, ...] = ()


def page(*paths: str, tells: bool = True) -> Exit:
    """A page that is read."""
    return Exit("page", tuple(Asking(path, _get("person", path), tells) for path in paths))


def machine(*paths: str, tells: bool = True, **headers: str) -> Exit:
    """A machine exit that is read."""
    return Exit("machine", tuple(Asking(path, _get("machine", path, **headers), tells) for path in paths))


def _filled(path: str, reader: Reader, subject: Subject) -> str:
    return path.format(s=subject, r=reader)


def _get(who: str, path: str, **headers: str) -> Ask:
    def ask(reader: Reader, subject: Subject) -> Any:
        client: Client = getattr(reader, who)
        return client.get(_filled(path, reader, subject), headers=headers)

    return ask


def _head(path: str) -> Ask:
    return lambda reader, _subject: reader.machine.head(path)


def _post(who: str, path: str, **data: str) -> Ask:
    def ask(reader: Reader, subject: Subject) -> Any:
        client: Client = getattr(reader, who)
        filled = {name: _filled(text, reader, subject) for name, text in data.items()}
        return client.post(_filled(path, reader, subject), filled)

    return ask


def _send(path: str, body: Callable[[Subject], Any]) -> Ask:
    def ask(reader: Reader, subject: Subject) -> Any:
        return reader.machine.post(path, json.dumps(body(subject)), content_type="application/json")

    return ask


def _pressed(path: str, **data: str) -> Exit:
    """A button of a page that says nothing of any value."""
    return Exit("page", (Asking("press", _post("person", path, **data), tells=False),))


def _sent(path: str, body: dict[str, Any]) -> Exit:
    """What a machine sends, about no value."""

    def ask(reader: Reader, subject: Subject) -> Any:
        return reader.machine.post(_filled(path, reader, subject), json.dumps(body), content_type="application/json")

    return Exit("machine", (Asking("send", ask, tells=False),))


def _changed(path: str, body: dict[str, Any]) -> Exit:
    """What a machine changes, about no value."""

    def ask(reader: Reader, subject: Subject) -> Any:
        return reader.machine.patch(_filled(path, reader, subject), json.dumps(body), content_type="application/json")

    return Exit("machine", (Asking("change", ask, tells=False),))


def _deleted(path: str) -> Exit:
    """What a machine takes away, about no value."""

    def ask(reader: Reader, subject: Subject) -> Any:
        return reader.machine.delete(_filled(path, reader, subject))

    return Exit("machine", (Asking("delete", ask, tells=False),))


def _send_text(path: str) -> Ask:
    def ask(reader: Reader, subject: Subject) -> Any:
        return reader.machine.post(path, subject.value, content_type="text/plain")

    return ask


def _send_rows(media_type: str, rows: str) -> Ask:
    def ask(reader: Reader, subject: Subject) -> Any:
        return reader.machine.post("/api/v1/submissions", _filled(rows, reader, subject), content_type=media_type)

    return ask


# A STIX bundle; braces are doubled, because the subject is filled in.
_BUNDLE = """{{"type":"bundle","id":"bundle--5d0092c5-5f74-4287-9642-33f4c354e56d","objects":[{{
  "type":"indicator","spec_version":"2.1","id":"indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f",
  "created":"2026-01-31T08:00:00.000Z","modified":"2026-01-31T08:00:00.000Z","valid_from":"2026-01-31T08:00:00Z",
  "pattern_type":"stix","pattern":"[ipv4-addr:value = '{s.value}' OR domain-name:value = '{s.value}']"}}]}}"""


def _put_archive(reader: Reader, subject: Subject) -> Any:
    path = f"/api/v1/evidence/archives/a.zip?case={subject.contribution_id}"
    return reader.machine.put(path, subject.value, content_type="application/zip")


def _take_back(reader: Reader, subject: Subject) -> Any:
    return reader.machine.delete(f"/api/v1/contributions/{subject.contribution_id}")


def _take_back_all(reader: Reader, subject: Subject) -> Any:
    return reader.machine.delete(f"/api/v1/submissions/{subject.contribution_id}")


def _amend(reader: Reader, subject: Subject) -> Any:
    path = f"/api/v1/contributions/{subject.contribution_id}"
    return reader.machine.patch(path, json.dumps({"tlp": "CLEAR"}), content_type="application/json")


def _press(kind: str) -> Ask:
    """A button of a value's page, and the page that follows: the notice must not be left for the next asking."""

    def ask(reader: Reader, subject: Subject) -> Any:
        return reader.person.post(f"/i/{subject.public_id}/sightings", {"kind": kind}, follow=True)

    return ask


def _retract(reader: Reader, subject: Subject) -> Any:
    return reader.machine.delete(f"/api/v1/sightings/{subject.contribution_id}")


def _rotate(reader: Reader, subject: Subject) -> Any:
    path = f"/api/v1/tokens/{subject.contribution_id}/rotate"
    return reader.machine.post(path, "{}", content_type="application/json")


def _of_partner(act: str) -> Exit:
    """An act of an administrator on a partner."""
    path = "/community/partners/{s.contribution_id}/" + act
    return Exit("page", (Asking(act, _post("person", path), tells=False),))


def _delete_object(reader: Reader, subject: Subject) -> Any:
    path = f"/taxii2/api/collections/{reader.community}/objects/indicator--{subject.stix_id}/"
    return reader.machine.delete(path)


def _post_object(reader: Reader, subject: Subject) -> Any:
    """An indicator of that value, into the reader's own Dépôt."""
    return _posted(reader, subject, path=f"/taxii2/api/collections/{reader.depot}/objects/")


def _post_into_view(reader: Reader, subject: Subject) -> Any:
    return _posted(reader, subject, path=f"/taxii2/api/collections/{reader.community}/objects/")


def _post_and_delete_object(reader: Reader, subject: Subject) -> Any:
    _post_object(reader, subject)
    path = f"/taxii2/api/collections/{reader.depot}/objects/indicator--{subject.contribution_id}/"
    return reader.machine.delete(path)


def _posted(reader: Reader, subject: Subject, *, path: str) -> Any:
    found = {
        "type": "indicator", "spec_version": "2.1", "id": f"indicator--{subject.contribution_id}",
        "created": "2026-01-01T00:00:00.000Z", "modified": "2026-01-01T00:00:00.000Z", "pattern_type": "stix",
        "pattern": recognise(subject.value).type.pattern(subject.value), "valid_from": "2026-01-01T00:00:00Z",
    }  # fmt: skip
    body = json.dumps({"objects": [found]})
    return reader.machine.post(path, body, content_type="application/taxii+json;version=2.1")


def _share(reader: Reader, subject: Subject) -> Any:
    """Look, share, and read what became of it."""
    form = {"text": subject.value, "tlp": "amber", "pap": "green", "threat_type": "scan", "audience": "community"}
    looked = reader.person.post("/share", form)
    return reader.person.post("/share", {**form, "act": "share", "seen": looked.context["seen"]}, follow=True)


def _told_by(fmt: Format) -> bool | frozenset[str]:
    """The types that a feed carries when nothing is asked of it."""
    return not isinstance(fmt, LineFormat) or frozenset(kind.name for kind in fmt.carried(fmt.filled({})))


def _feeds() -> Exit:
    """Every registered format, so that a new one is asked by itself."""
    found = []
    for fmt in formats:
        path, tells = f"/feeds/{fmt.name}", _told_by(fmt)
        found += [Asking(path, _get("machine", path), tells), Asking(f"HEAD {path}", _head(path), tells)]
    found.append(Asking("text by session", _get("person", "/feeds/text")))
    found.append(Asking("text explained", _get("machine", "/feeds/text?explain=1")))
    found.append(Asking("csv limited", _get("machine", "/feeds/csv?limit=1&type=ipv4,domain,url")))
    return Exit("machine", tuple(found))


def _tried(reader: Reader, _subject: Subject) -> Any:
    """The test of a saved feed, but for the time that it took."""
    answer = reader.person.post("/tools/feeds/suivi/try")
    answer.content = re.sub(rb"\d+ ms", b"ms", answer.content)
    return answer


def _sightings(**named: str) -> dict[str, Any]:
    """One of each kind, in one request."""
    return {"sightings": [{**named, "kind": kind} for kind in ("seen", "false-positive", "expired")]}


def _remove(path: str) -> Ask:
    return lambda reader, subject: reader.machine.delete(_filled(path, reader, subject))


NOTHING = "6f1c2f9e-3b57-4f0e-9a57-0c5b1d2e3f41"
"""The id of nothing."""


def _act(name: str, path: str, **data: str) -> Exit:
    """A button that says nothing of any value."""
    return Exit("page", (Asking(name, _post("person", path, **data), tells=False),))


def _misp(path: str, *bodies: dict[str, str], tells: bool = True) -> tuple[Asking, ...]:
    """What a MISP client sends to a path: each of these bodies, filled in."""

    def sending(body: dict[str, str]) -> Ask:
        def ask(reader: Reader, subject: Subject) -> Any:
            filled = {name: _filled(text, reader, subject) for name, text in body.items()}
            return reader.machine.post(path, json.dumps(filled), content_type="application/json")

        return ask

    return tuple(Asking(f"{path} {json.dumps(body)}", sending(body), tells) for body in bodies)


def _misp_event(subject: Subject) -> dict[str, Any]:
    """An event that says the value."""
    kind = "domain" if any(letter.isalpha() for letter in subject.value) else "ip-dst"
    return {"info": "An event", "Attribute": [{"type": kind, "value": subject.value}]}


def _misp_named(path: str) -> Exit:
    """One event or attribute by its number or uuid, of which the subject has neither.

    They tell something all the same: whoever asks first after a publication gives names to what it tells him.
    """
    return machine(path.format("{s.contribution_id}"), path.format("7"))


COLLECTION = "/taxii2/api/collections/{r.community}/"
INBOX = "/taxii2/api/collections/{r.inbox}/"
DEPOT = "/taxii2/api/collections/{r.depot}/"
_OBJECT = COLLECTION + "objects/indicator--{s.stix_id}/"
_FORM = {"text": "{s.value}", "tlp": "amber", "pap": "green", "threat_type": "scan", "audience": "community"}
_SELF = "/api/v1/institutions/self"
_HOUSE = "/members/institutions/{s.contribution_id}"
_CONSTANT = {"values": [7, "nonsense"]}
ACCOUNT = Exit("account")
OPEN = Exit("open")

ROUTES: dict[str, Exit] = {
    "healthz": OPEN,
    "readyz": OPEN,
    "api/v1/schema": OPEN,
    "api/docs": OPEN,
    "preferences/<slug:name>": OPEN,
    "help": Exit("open", page("/help", tells=False).askings),
    "accessibility": Exit("open", page("/accessibility", tells=False).askings),
    "status": page("/status", tells=False),
    "accounts/login/": ACCOUNT,
    "accounts/logout/": ACCOUNT,
    "accounts/inactive/": ACCOUNT,
    "accounts/signup/": ACCOUNT,
    "accounts/reauthenticate/": ACCOUNT,
    "accounts/email/": ACCOUNT,
    "accounts/confirm-email/": ACCOUNT,
    "accounts/password/change/": ACCOUNT,
    "accounts/password/set/": ACCOUNT,
    "accounts/password/reset/": ACCOUNT,
    "accounts/login/code/confirm/": ACCOUNT,
    "accounts/^confirm-email/(?P<key>[-:\\w]+)/$": ACCOUNT,
    "accounts/password/reset/key/done/": ACCOUNT,
    "accounts/^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$": ACCOUNT,
    "accounts/password/reset/done/": ACCOUNT,
    "accounts/2fa/": ACCOUNT,
    "accounts/2fa/authenticate/": ACCOUNT,
    "accounts/2fa/reauthenticate/": ACCOUNT,
    "accounts/2fa/totp/activate/": ACCOUNT,
    "accounts/2fa/totp/deactivate/": ACCOUNT,
    "accounts/2fa/recovery-codes/": ACCOUNT,
    "accounts/2fa/recovery-codes/generate/": ACCOUNT,
    "accounts/2fa/recovery-codes/download/": ACCOUNT,
    "accounts/2fa/webauthn/": ACCOUNT,
    "accounts/2fa/webauthn/add/": ACCOUNT,
    "accounts/2fa/webauthn/reauthenticate/": ACCOUNT,
    "accounts/2fa/webauthn/keys/<int:pk>/remove/": ACCOUNT,
    "accounts/2fa/webauthn/keys/<int:pk>/edit/": ACCOUNT,
    "accounts/2fa/webauthn/login/": ACCOUNT,
    "account/waiting": ACCOUNT,
    "accounts/sso/": ACCOUNT,
    "accounts/sso/to/<slug:slug>": ACCOUNT,
    "accounts/sso/again": ACCOUNT,
    "accounts/sso/apply": ACCOUNT,
    "accounts/sso/oidc/<slug:slug>/callback": ACCOUNT,
    "accounts/sso/saml/acs": ACCOUNT,
    "accounts/sso/saml/finish": ACCOUNT,
    "accounts/sso/saml/metadata": ACCOUNT,
    "accounts/sso/signup": ACCOUNT,
    "account/connections": page("/account/connections", tells=False),
    "account/connections/undo": Exit(
        "page", (Asking("undo", _post("person", "/account/connections/undo", connection="1"), tells=False),)
    ),
    "account": page("/account", tells=False),
    "account/second-factor": page("/account/second-factor", tells=False),
    "account/sessions/end": Exit(
        "page", (Asking("end", _post("person", "/account/sessions/end", session="1"), tells=False),)
    ),
    "account/sessions/end-others": ACCOUNT,  # it gives the browser another session
    "account/waiting/questions/<uuid:public_id>": ACCOUNT,
    "charter": Exit("open", page("/charter", tells=False).askings),
    "charter/<int:version>": Exit("open", page("/charter/1", tells=False).askings),
    "account/charter": _act("accept", "/account/charter", version="1"),
    "members/charter": page("/members/charter", tells=False),
    "members/candidates": page("/members/candidates", tells=False),
    "members/candidates/<uuid:public_id>/vouch": _act("vouch", "/members/candidates/{s.contribution_id}/vouch"),
    "members/candidates/<uuid:public_id>/withdraw": _act(
        "withdraw", "/members/candidates/{s.contribution_id}/withdraw"
    ),
    "members/applications/rules": page("/members/applications/rules", tells=False),
    "api/v1/institutions/applications": Exit(
        "machine", (Asking("queue", _get("person", "/api/v1/institutions/applications"), tells=False),)
    ),
    "api/v1/institutions/applications/<uuid:public_id>": Exit(
        "machine", (Asking("decide", _post("person", "/api/v1/institutions/applications/{s.contribution_id}"), False),)
    ),
    "account/tokens": page("/account/tokens", tells=False),
    "account/tokens/feed-keys": Exit(
        "page", (Asking("make", _post("person", "/account/tokens/feed-keys", name="x"), tells=False),)
    ),
    "account/tokens/mail": page("/account/tokens/mail", tells=False),
    "account/tokens/mail/<uuid:public_id>/revoke": _pressed("/account/tokens/mail/{s.contribution_id}/revoke"),
    "webhooks": page("/webhooks", tells=False),
    "webhooks/<uuid:public_id>": page("/webhooks/{s.contribution_id}", tells=False),
    "webhooks/<uuid:public_id>/<slug:act>": _pressed("/webhooks/{s.contribution_id}/resume"),
    "webhooks/<uuid:public_id>/deliveries/<uuid:delivery_id>": _pressed(
        "/webhooks/{s.contribution_id}/deliveries/{s.contribution_id}"
    ),
    "api/v1/webhooks": machine("/api/v1/webhooks", tells=False),
    "api/v1/webhooks/<uuid:public_id>": machine("/api/v1/webhooks/{s.contribution_id}", tells=False),
    "api/v1/webhooks/<uuid:public_id>/secret": _sent("/api/v1/webhooks/{s.contribution_id}/secret", {}),
    "api/v1/webhooks/<uuid:public_id>/deliveries": machine(
        "/api/v1/webhooks/{s.contribution_id}/deliveries", tells=False
    ),
    "api/v1/webhooks/<uuid:public_id>/deliveries/<uuid:delivery_id>/resend": _sent(
        "/api/v1/webhooks/{s.contribution_id}/deliveries/{s.contribution_id}/resend", {}
    ),
    "transfers": page("/transfers", tells=False),
    "transfers/<uuid:public_id>/<slug:act>": _pressed("/transfers/{s.contribution_id}/rotate"),
    "evidence": page("/evidence", tells=False),
    "evidence/keys": Exit("open", page("/evidence/keys", tells=False).askings),
    "evidence/<uuid:public_id>": page("/evidence/{s.contribution_id}", tells=False),
    "evidence/<uuid:public_id>/records": page("/evidence/{s.contribution_id}/records", tells=False),
    "evidence/<uuid:public_id>/propose": page("/evidence/{s.contribution_id}/propose", tells=False),
    "evidence/<uuid:public_id>/<slug:act>": _pressed("/evidence/{s.contribution_id}/shred"),
    "api/v1/evidence/cases": Exit(
        "machine",
        (
            *machine("/api/v1/evidence/cases", tells=False).askings,
            *_sent("/api/v1/evidence/cases", {"title": "x"}).askings,
        ),
    ),
    "api/v1/evidence/cases/<uuid:public_id>": machine("/api/v1/evidence/cases/{s.contribution_id}", tells=False),
    "api/v1/evidence/cases/<uuid:public_id>/guests": _sent(
        "/api/v1/evidence/cases/{s.contribution_id}/guests", {"member": "x@example.org"}
    ),
    "api/v1/evidence/cases/<uuid:public_id>/guests/<uuid:guest_id>": _deleted(
        "/api/v1/evidence/cases/{s.contribution_id}/guests/{s.contribution_id}"
    ),
    "api/v1/evidence/uploads": _sent("/api/v1/evidence/uploads", {}),
    "api/v1/evidence/uploads/<uuid:public_id>": machine("/api/v1/evidence/uploads/{s.contribution_id}", tells=False),
    "api/v1/evidence/archives/<uuid:public_id>": machine("/api/v1/evidence/archives/{s.contribution_id}", tells=False),
    "api/v1/evidence/archives/<uuid:public_id>/records": machine(
        "/api/v1/evidence/archives/{s.contribution_id}/records", tells=False
    ),
    "api/v1/evidence/archives/<uuid:public_id>/download.<str:form>": machine(
        "/api/v1/evidence/archives/{s.contribution_id}/download.jsonl", tells=False
    ),
    "api/v1/evidence/archives/<uuid:public_id>/findings": machine(
        "/api/v1/evidence/archives/{s.contribution_id}/findings", tells=False
    ),
    "api/v1/evidence/archives/<uuid:public_id>/findings/<uuid:finding_id>": _changed(
        "/api/v1/evidence/archives/{s.contribution_id}/findings/{s.contribution_id}", {"state": "confirmed"}
    ),
    "api/v1/evidence/archives/<uuid:public_id>/hits": machine(
        "/api/v1/evidence/archives/{s.contribution_id}/hits", tells=False
    ),
    "api/v1/evidence/archives/<uuid:public_id>/proposals": machine(
        "/api/v1/evidence/archives/{s.contribution_id}/proposals", tells=False
    ),
    "api/v1/evidence/archives/<uuid:public_id>/share": _sent(
        "/api/v1/evidence/archives/{s.contribution_id}/share", {"indicators": []}
    ),
    "api/v1/evidence/archives/<str:filename>": Exit("machine", (Asking("put", _put_archive, tells=False),)),
    "subscriptions": page("/subscriptions", tells=False),
    "subscriptions/<uuid:public_id>": page("/subscriptions/{s.contribution_id}", tells=False),
    "subscriptions/<uuid:public_id>/<slug:act>": _pressed("/subscriptions/{s.contribution_id}/resume"),
    "account/tokens/<uuid:public_id>/rotate": Exit(
        "page", (Asking("rotate", _post("person", "/account/tokens/{s.contribution_id}/rotate"), tells=False),)
    ),
    "account/tokens/<uuid:public_id>/revoke": Exit(
        "page", (Asking("revoke", _post("person", "/account/tokens/{s.contribution_id}/revoke"), tells=False),)
    ),
    "privacy": Exit("open", page("/privacy", tells=False).askings),
    # Also for those who are out: their data are theirs.
    "account/data": Exit("account", page("/account/data", tells=False).askings),
    "account/data/export": ACCOUNT,
    "account/data/institution": ACCOUNT,
    "account/data/erase": ACCOUNT,
    "account/data/erased": OPEN,
    "journal": page("/journal", "/journal?action=contribution", tells=False),
    "journal/export": page("/journal/export?format=csv", "/journal/export?format=json", tells=False),
    "api/v1/audit": machine("/api/v1/audit", "/api/v1/audit?action=contribution", tells=False),
    "members": page("/members", tells=False),
    "members/invite": _pressed("/members/invite", email="colleague@example.org", role="reader", language="fr"),
    "members/invitations/<uuid:public_id>/resend": _pressed("/members/invitations/{s.contribution_id}/resend"),
    "members/invitations/<uuid:public_id>/revoke": _pressed("/members/invitations/{s.contribution_id}/revoke"),
    "members/people/<uuid:public_id>/role": _pressed("/members/people/{s.contribution_id}/role", role="reader"),
    "members/people/<uuid:public_id>/sessions": _pressed("/members/people/{s.contribution_id}/sessions"),
    "members/people/<uuid:public_id>/remove": _pressed("/members/people/{s.contribution_id}/remove"),
    "members/confirmation": page("/members/confirmation", tells=False),
    "members/erasure": page("/members/erasure", tells=False),
    "members/departure": page("/members/departure", tells=False),
    "members/institutions/<uuid:public_id>": page(_HOUSE, tells=False),
    "members/institutions/<uuid:public_id>/suspend": _pressed(_HOUSE + "/suspend"),
    "members/institutions/<uuid:public_id>/reinstate": _pressed(_HOUSE + "/reinstate"),
    "members/institutions/<uuid:public_id>/leave": _pressed(_HOUSE + "/leave"),
    "members/institutions/<uuid:public_id>/erase": page(_HOUSE + "/erase", tells=False),
    "members/institutions/<uuid:public_id>/merge": _pressed(_HOUSE + "/merge"),
    "invitation": ACCOUNT,
    "api/v1/institutions": machine("/api/v1/institutions", tells=False),
    "api/v1/institutions/self": machine(_SELF, tells=False),
    "api/v1/institutions/self/confirmation": _sent(_SELF + "/confirmation", {"contact_email": "cert@example.org"}),
    "api/v1/institutions/self/members": machine(_SELF + "/members", tells=False),
    "api/v1/institutions/self/members/<uuid:public_id>": _deleted(_SELF + "/members/{s.contribution_id}"),
    "api/v1/institutions/self/members/<uuid:public_id>/sessions": _deleted(
        _SELF + "/members/{s.contribution_id}/sessions"
    ),
    "api/v1/institutions/self/invitations": machine(_SELF + "/invitations", tells=False),
    "api/v1/institutions/self/invitations/<uuid:public_id>": _deleted(_SELF + "/invitations/{s.contribution_id}"),
    "api/v1/institutions/self/invitations/<uuid:public_id>/letter": _sent(
        _SELF + "/invitations/{s.contribution_id}/letter", {}
    ),
    "api/v1/tokens": Exit(
        "machine",
        (
            *machine("/api/v1/tokens", tells=False).askings,
            Asking("make", _send("/api/v1/tokens", lambda _s: {"name": "x"}), tells=False),
        ),
    ),
    "api/v1/tokens/<uuid:public_id>": machine("/api/v1/tokens/{s.contribution_id}", tells=False),
    "api/v1/tokens/<uuid:public_id>/rotate": Exit("machine", (Asking("rotate", _rotate, tells=False),)),
    "community/warning-lists": page("/community/warning-lists", tells=False),
    "community/warning-lists/choices": Exit(
        "page", (Asking("choose", _post("person", "/community/warning-lists/choices", list="x"), tells=False),)
    ),
    "community/warning-lists/exceptions": Exit(
        "page",
        (Asking("except", _post("person", "/community/warning-lists/exceptions", value="{s.value}"), tells=False),),
    ),
    "community/partners": page("/community/partners", tells=False),
    "community/partners/switches": Exit(
        "page", (Asking("switch", _post("person", "/community/partners/switches", what="x"), tells=False),)
    ),
    "community/partners/<uuid:public_id>": page("/community/partners/{s.contribution_id}", tells=False),
    "community/partners/<uuid:public_id>/agreement": _of_partner("agreement"),
    "community/partners/<uuid:public_id>/end": _of_partner("end"),
    "community/partners/<uuid:public_id>/tokens": _of_partner("tokens"),
    "community/partners/<uuid:public_id>/tokens/<uuid:token_id>/rotate": _of_partner("tokens/{s.stix_id}/rotate"),
    "community/partners/<uuid:public_id>/tokens/<uuid:token_id>/revoke": _of_partner("tokens/{s.stix_id}/revoke"),
    "members/applications": page("/members/applications", tells=False),
    "members/applications/<uuid:public_id>": Exit(
        "page", (Asking("decide", _post("person", "/members/applications/{s.contribution_id}"), tells=False),)
    ),
    "circles": Exit(
        "page",
        (
            *page("/circles", tells=False).askings,
            Asking("found", _post("person", "/circles", name=""), tells=False),
        ),
    ),
    "circles/invitations/<uuid:public_id>": Exit(
        "page", (Asking("answer", _post("person", "/circles/invitations/{s.contribution_id}"), tells=False),)
    ),
    "circles/<uuid:public_id>": page("/circles/{s.contribution_id}", tells=False),
    "circles/<uuid:public_id>/<slug:act>": Exit(
        "page", (Asking("leave", _post("person", "/circles/{s.contribution_id}/leave"), tells=False),)
    ),
    "api/v1/circles": machine("/api/v1/circles", tells=False),
    "api/v1/circles/invitations/<uuid:public_id>": Exit(
        "machine",
        (Asking("answer", _send("/api/v1/circles/invitations/" + NOTHING, lambda _s: {"accept": True}), tells=False),),
    ),
    "api/v1/circles/<uuid:public_id>": machine("/api/v1/circles/{s.contribution_id}", tells=False),
    "api/v1/circles/<uuid:public_id>/leave": Exit(
        "machine", (Asking("leave", _send(f"/api/v1/circles/{NOTHING}/leave", lambda _s: {}), tells=False),)
    ),
    "api/v1/circles/<uuid:public_id>/invitations": Exit(
        "machine",
        (
            Asking(
                "invite",
                _send(f"/api/v1/circles/{NOTHING}/invitations", lambda s: {"institution": s.value}),
                tells=False,
            ),
        ),
    ),
    "api/v1/circles/<uuid:public_id>/invitations/<uuid:invitation_id>": Exit(
        "machine",
        (Asking("withdraw", _remove("/api/v1/circles/{s.contribution_id}/invitations/{s.stix_id}"), tells=False),),
    ),
    "api/v1/circles/<uuid:public_id>/members/<uuid:institution_id>": Exit(
        "machine",
        (Asking("remove", _remove("/api/v1/circles/{s.contribution_id}/members/{s.stix_id}"), tells=False),),
    ),
    "assets": Exit(
        "page",
        (
            *page("/assets", tells=False).askings,
            # Whether the value is known does not matter to whoever declares it.
            Asking("declare", _post("person", "/assets", kind="domain", value="{s.value}"), tells=False),
        ),
    ),
    "assets/<uuid:public_id>/check": Exit(
        "page", (Asking("check", _post("person", "/assets/{s.contribution_id}/check"), tells=False),)
    ),
    "assets/<uuid:public_id>/remove": Exit(
        "page", (Asking("remove", _post("person", "/assets/{s.contribution_id}/remove"), tells=False),)
    ),
    "stolen-accounts": page("/stolen-accounts", tells=False),
    "stolen-accounts/<uuid:public_id>/done": Exit(
        "page", (Asking("done", _post("person", "/stolen-accounts/{s.contribution_id}/done"), tells=False),)
    ),
    "assets/queue": page("/assets/queue", tells=False),
    "assets/queue/<uuid:public_id>": Exit(
        "page",
        (Asking("decide", _post("person", "/assets/queue/{s.contribution_id}", decision="approve"), tells=False),),
    ),
    "api/v1/assets": machine("/api/v1/assets", tells=False),
    "api/v1/assets/<uuid:public_id>": machine("/api/v1/assets/{s.contribution_id}", tells=False),
    "api/v1/assets/<uuid:public_id>/check": Exit(
        "machine", (Asking("check", _send(f"/api/v1/assets/{NOTHING}/check", lambda _s: {}), tells=False),)
    ),
    "": page("/"),
    "search": Exit(
        "page",
        (
            *page("/search?q={s.value}", "/search?q={s.around}", "/search?q=", "/search").askings,
            *page("/search?q=hameçonnage&before=0-0").askings,
            Asking("many", _post("person", "/search", many="{s.value}\n45.9.9.9\nnonsense")),
        ),
    ),
    "i/<uuid:public_id>": page("/i/{s.public_id}"),
    "share": Exit(
        "page",
        (
            Asking("empty form", _get("person", "/share"), tells=False),
            Asking("look", _post("person", "/share", act="look", **_FORM)),
            Asking("share", _share),
        ),
    ),
    "share/<uuid:public_id>/progress": page("/share/{s.contribution_id}/progress", tells=False),
    "community/submissions": page("/community/submissions", tells=False),
    "community/submissions/<uuid:public_id>": Exit(
        "page", (Asking("release", _post("person", "/community/submissions/{s.contribution_id}"), tells=False),)
    ),
    "share/<uuid:public_id>/withdraw": page("/share/{s.contribution_id}/withdraw", tells=False),
    "share/<uuid:public_id>": page("/share/{s.contribution_id}", tells=False),
    "contributions/<uuid:public_id>/withdraw": Exit(
        "page", (Asking("withdraw", _post("person", "/contributions/{s.contribution_id}/withdraw"), tells=False),)
    ),
    "api/v1/submissions": Exit(
        "machine",
        (
            Asking("JSON", _send("/api/v1/submissions", lambda s: {"indicators": [s.value]})),
            Asking("dry run", _send("/api/v1/submissions?dry_run=1", lambda s: {"indicators": [s.value]})),
            Asking("text", _send_text("/api/v1/submissions?audience=own")),
            Asking("table", _send_rows("text/csv", "value;audience\n{s.value};own")),
            Asking("objects", _send_rows("application/x-ndjson", '{{"value":"{s.value}"}}')),
            Asking("bundle", _send_rows("application/stix+json;version=2.1", _BUNDLE)),
            Asking("dry text", _send_text("/api/v1/submissions?dry_run=1")),
        ),
    ),
    "api/v1/submissions/<uuid:public_id>": Exit(
        "machine",
        (
            Asking("read", _get("machine", "/api/v1/submissions/{s.contribution_id}"), tells=False),
            Asking("withdraw", _take_back_all, tells=False),
        ),
    ),
    "api/v1/submissions/<uuid:public_id>/items": machine("/api/v1/submissions/{s.contribution_id}/items", tells=False),
    "api/v1/contributions/<uuid:public_id>": Exit(
        "machine",
        (Asking("withdraw", _take_back, tells=False), Asking("amend", _amend, tells=False)),
    ),
    "i/<uuid:public_id>/sightings": Exit(
        "page",
        tuple(Asking(kind, _press(kind)) for kind in ("seen", "false-positive", "expired")),
    ),
    "sightings/<uuid:public_id>/retract": Exit(
        "page", (Asking("retract", _post("person", "/sightings/{s.contribution_id}/retract"), tells=False),)
    ),
    "api/v1/sightings": Exit(
        "machine",
        (
            Asking("value", _send("/api/v1/sightings", lambda s: _sightings(value=s.value))),
            Asking("id", _send("/api/v1/sightings", lambda s: _sightings(indicator=str(s.public_id)))),
            Asking("nonsense", _send("/api/v1/sightings", lambda _s: _sightings(value="nonsense")), tells=False),
        ),
    ),
    "api/v1/sightings/<uuid:public_id>": Exit("machine", (Asking("retract", _retract, tells=False),)),
    "alerts/<uuid:public_id>/seen": Exit(
        "page", (Asking("seen", _post("person", "/alerts/{s.contribution_id}/seen"), tells=False),)
    ),
    "api/v1/alerts": machine("/api/v1/alerts", "/api/v1/alerts?unseen=1", tells=False),
    "api/v1/changes": Exit(
        "machine",
        # The first page holds the oldest change, which is another value's.
        (*machine("/api/v1/changes").askings, *machine("/api/v1/changes?limit=1", tells=False).askings),
    ),
    "api/v1/indicators": machine(
        "/api/v1/indicators",
        "/api/v1/indicators?limit=1",
        "/api/v1/indicators?value={s.value}",
        "/api/v1/indicators?value={s.around}",
        "/api/v1/indicators?q={s.value}",
        "/api/v1/indicators?state=live&score_min=1",
        "/api/v1/indicators?institution=Ailleurs",
        "/api/v1/indicators?tag=secret",
        "/api/v1/indicators?since=2020-01-01&updated_since=2020-01-01",
    ),
    "api/v1/indicators/<uuid:public_id>": machine("/api/v1/indicators/{s.public_id}"),
    "api/v1/lookup": Exit(
        "machine",
        (
            Asking("one", _send("/api/v1/lookup", lambda s: {"values": [s.value]})),
            Asking("many", _send("/api/v1/lookup", lambda s: {"values": [s.value, "45.9.9.9", s.around.strip(".")]})),
            Asking("nonsense", _send("/api/v1/lookup", lambda _s: _CONSTANT), tells=False),
        ),
    ),
    "feeds/<feed:name>": _feeds(),
    "feeds/atom": machine("/feeds/atom", "/feeds/atom?type=ipv4,domain,url&language=en"),
    "feeds/rss": machine("/feeds/rss"),
    # The key is of another feed: tests/sharing/news has one of these.
    "feeds/k/<str:key>/atom.xml": Exit(
        "open", (Asking("atom", _get("anybody", "/feeds/k/{r.feed_key}/atom.xml"), tells=False),)
    ),
    "feeds/k/<str:key>/rss.xml": Exit(
        "open", (Asking("rss", _get("anybody", "/feeds/k/{r.feed_key}/rss.xml"), tells=False),)
    ),
    "feeds/k/<str:key>/<feed:file>": Exit(
        "open", tuple(Asking(ask, _get("anybody", f"/feeds/k/{{r.feed_key}}/csv.csv{ask}")) for ask in ("", "?limit=9"))
    ),
    "tools": page("/tools", tells=False),
    "tools/new": page("/tools/new?tool=BIND&format=rpz", tells=False),
    "tools/policy": page("/tools/policy", tells=False),
    "tools/feeds/<str:name>": page("/tools/feeds/unread", tells=False),
    "tools/feeds/<str:name>/access": _pressed("/tools/feeds/nothing/access"),
    "tools/feeds/<str:name>/try": Exit("page", (Asking("try", _tried),)),
    "tools/feeds/<str:name>/delete": _pressed("/tools/feeds/nothing/delete"),
    "feeds/p/<str:file>": machine("/feeds/p/suivi.csv", "/feeds/p/suivi.csv?explain=1"),
    "feeds/p/<str:name>/changes": machine("/feeds/p/suivi/changes?after=1"),  # a 410, whose statements tell
    "feeds/p/<str:name>/<misp-file:file>": machine(
        "/feeds/p/dossier/manifest.json",
        "/feeds/p/dossier/manifest.json?explain=1",
        "/feeds/p/dossier/hashes.csv",
        "/feeds/p/dossier/{s.contribution_id}.json",
    ),
    "feeds/k/<str:key>/p/<str:name>/<misp-file:file>": Exit(
        "open", (Asking("keyed", _get("anybody", "/feeds/k/{r.folder_key}/p/dossier/manifest.json")),)
    ),
    "feeds/k/<str:key>/p/<str:file>": Exit(
        "open", (Asking("keyed", _get("anybody", "/feeds/k/{r.profile_key}/p/suivi.csv")),)
    ),
    "api/v1/feeds": _sent("/api/v1/feeds", {"name": "suivi", "format": "csv"}),
    "api/v1/feeds/<str:name>": machine("/api/v1/feeds/unread", tells=False),
    "api/v1/feed-policy": machine("/api/v1/feed-policy", tells=False),
    # What is said to members is not said to everybody.
    "public/<feed:name>": Exit(
        "open", tuple(Asking(fmt.name, _get("anybody", f"/public/{fmt.name}"), tells=False) for fmt in formats)
    ),
    "taxii2/": machine("/taxii2/", tells=False),
    "taxii2/api/": machine("/taxii2/api/", tells=False),
    "taxii2/api/collections/": machine("/taxii2/api/collections/", tells=False),
    "taxii2/api/collections/<str:collection_id>/": machine(COLLECTION, INBOX, DEPOT, tells=False),
    "taxii2/api/collections/<str:collection_id>/objects/": Exit(
        "machine",
        (
            *machine(COLLECTION + "objects/", COLLECTION + "objects/?match[type]=indicator").askings,
            *machine(COLLECTION + "objects/?match[id]=indicator--{s.stix_id}").askings,
            *machine(COLLECTION + "objects/?limit=1", INBOX + "objects/", tells=False).askings,
            *machine(COLLECTION + "objects/?added_after=2020-01-01T00:00:00Z").askings,
            *machine(DEPOT + "objects/", DEPOT + "objects/?match[id]=indicator--{s.stix_id}", tells=False).askings,
            Asking("post", _post_object, tells=False),
            Asking("post into a view", _post_into_view, tells=False),
        ),
    ),
    "taxii2/api/collections/<str:collection_id>/manifest/": machine(COLLECTION + "manifest/"),
    "taxii2/api/collections/<str:collection_id>/objects/<str:object_id>/": Exit(
        "machine",
        (
            *machine(_OBJECT).askings,
            Asking("delete", _delete_object, tells=False),
            Asking("post and delete", _post_and_delete_object, tells=False),
        ),
    ),
    "taxii2/api/collections/<str:collection_id>/objects/<str:object_id>/versions/": machine(_OBJECT + "versions/"),
    "taxii2/api/status/<str:status_id>/": machine("/taxii2/api/status/{s.contribution_id}/", tells=False),
    "^taxii2/.+/$": machine("/taxii2/api/nothing/{s.contribution_id}/", tells=False),
    "servers/getVersion": machine("/servers/getVersion", "/misp//servers/getVersion.json/", tells=False),
    "servers/getPyMISPVersion": machine("/servers/getPyMISPVersion.json", tells=False),
    "users/view/<str:name>": machine("/users/view/me", "/users/view/7", tells=False),
    "attributes/describeTypes": machine("/attributes/describeTypes.json", tells=False),
    "attributes/restSearch": Exit(
        "machine",
        (
            *_misp(
                "/attributes/restSearch",
                {},
                {"value": "{s.value}"},
                {"limit": "50", "includeContext": "1"},
                {"tags": "secret", "includeSightings": "1", "includeDecayScore": "1", "includeEventTags": "1"},
                {"searchall": "hameçonnage"},
                {"returnFormat": "csv"},
                {"returnFormat": "count"},
                {"type": "%"},
            ),
            *_misp("/attributes/restSearch", {"uuid": "{s.contribution_id}"}, {"limit": "1"}),
            *machine("/misp/attributes/restSearch/returnFormat:json/value:{s.value}").askings,
        ),
    ),
    "attributes/view/<str:name>": _misp_named("/attributes/view/{}"),
    "events/restSearch": Exit(
        "machine",
        _misp("/events/restSearch", {}, {"value": "{s.value}"}, {"metadata": "1"}, {"returnFormat": "csv"}),
    ),
    "events/index": machine("/events/index", "/events"),
    "events/view/<str:name>": _misp_named("/events/view/{}"),
    "objects/restSearch": Exit("machine", _misp("/objects/restSearch", {}, {"value": "{s.value}"}, tells=False)),
    "sightings/index": machine("/sightings/index"),
    "sightings/index/<str:name>": _misp_named("/sightings/index/{}"),
    "sightings/listSightings": Exit(
        "machine",
        _misp(
            "/sightings/listSightings",
            {"context": "event", "id": "7"},
            {"context": "attribute", "id": "{s.contribution_id}"},
        ),
    ),
    "sightings/listSightings/<str:name>": _misp_named("/sightings/listSightings/{}"),
    "sightings/listSightings/<str:name>/<str:context>": _misp_named("/sightings/listSightings/{}/event"),
    "sightings/restSearch": Exit("machine", _misp("/sightings/restSearch", {}, {"last": "30d"})),
    "sightings/restSearch/<str:context>": Exit(
        "machine", _misp("/sightings/restSearch/attribute", {"id": "{s.contribution_id}"})
    ),
    "tags/index": machine("/tags/index"),
    "tags/search": Exit("machine", _misp("/tags/search", {"tagname": "secret"})),
    "tags/search/<str:name>": machine("/tags/search/secret"),
    "warninglists/index": machine("/warninglists/index", tells=False),
    "warninglists/checkValue": Exit("machine", _misp("/warninglists/checkValue", {"value": "{s.value}"}, tells=False)),
    "taxonomies/index": machine("/taxonomies/index", tells=False),
    "organisations/index": machine("/organisations/index/scope:local", tells=False),
    "organisations/view/<str:name>": machine("/organisations/view/{s.contribution_id}", tells=False),
    "feeds/misp/<str:name>": Exit(
        "machine",
        (
            *machine("/feeds/misp/manifest.json", "/feeds/misp/hashes.csv").askings,
            *machine("/feeds/misp/{s.contribution_id}.json").askings,
        ),
    ),
    "events/add": Exit("machine", (Asking("event", _send("/events/add", _misp_event), tells=False),)),
    **{
        f"{kind}/{act}/<str:name>": Exit("machine", _misp(f"/{kind}/{act}/7", {"value": "{s.value}"}, tells=False))
        for kind, acts in (
            ("events", ("edit", "delete", "publish", "alert", "unpublish", "freeTextImport")),
            ("attributes", ("add", "edit", "delete")),
            ("objects", ("add", "edit", "delete")),
        )
        for act in acts
    },
    "objects/add/<str:name>/<str:template>": Exit("machine", _misp("/objects/add/7/7", {}, tells=False)),
    **{
        f"tags/{act}": Exit(
            "machine", _misp(f"/tags/{act}", {"uuid": "{s.contribution_id}", "tag": "tlp:clear"}, tells=False)
        )
        for act in ("attachTagToObject", "removeTagFromObject")
    },
    **{
        f"tags/{act}/<str:name>/<str:tag>": Exit("machine", _misp(f"/tags/{act}/7/x", {}, tells=False))
        for act in ("attachTagToObject", "removeTagFromObject")
    },
    "sightings/add": Exit(
        "machine",
        (
            *_misp("/sightings/add", {"value": "{s.value}"}),
            *_misp("/sightings/add", {"uuid": "{s.contribution_id}"}),
        ),
    ),
    "sightings/add/<str:name>": Exit("machine", _misp("/sightings/add/7", {})),
    "sightings/delete/<str:name>": Exit("machine", _misp("/sightings/delete/7", {}, tells=False)),
    "shadowAttributes/<str:act>": Exit("machine", _misp("/shadowAttributes/add", {}, tells=False)),
    "shadowAttributes/<str:act>/<str:name>": Exit("machine", _misp("/shadowAttributes/add/7", {}, tells=False)),
    "misp": machine("/misp", "/events/nothing/{s.contribution_id}", tells=False),
}
