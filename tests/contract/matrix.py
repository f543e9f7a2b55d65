"""Who may do what: every route and method, and nine viewers. A route that is missing here fails test_matrix.py.

The expectation is written here and never computed by the program. For each row stands what each viewer meets: `in`
(the request was taken up, whatever its answer), `login` (asked to log in), `waiting` (told to wait), `denied` (403),
`absent` (404, also for what exists but is not theirs).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sharing.feeds.formats.base import formats

VIEWERS = (
    "anonymous", "applicant", "reader", "contributor", "manager", "foreign", "administrator", "read_token",
    "provider_token",
)  # fmt: skip
"""`foreign`: the manager of another institution; `administrator`: of the platform, a reader in its institution."""
Rule = dict[str, str]


@dataclass(frozen=True, slots=True)
class Row:
    """One request. `path` is filled in with the names of test_matrix.World; `{absent}` names nothing."""

    method: str
    path: str
    rule: Rule
    body: Mapping[str, Any] | str | None = None
    media: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)


def rule(**outcomes: str) -> Rule:
    """What is not named is `in`."""
    if unknown := set(outcomes) - set(VIEWERS):
        raise ValueError(f"no viewer is called {unknown}")
    return {viewer: outcomes.get(viewer, "in") for viewer in VIEWERS}


_MACHINES = {"read_token": "login", "provider_token": "login"}
ANYBODY = rule()
WALL = rule(**dict.fromkeys(VIEWERS, "absent"))
_UNASKED = rule(**{**WALL, "anonymous": "login", **_MACHINES})
PEOPLE = rule(anonymous="login", applicant="waiting", **_MACHINES)
"""Approved members, in a browser; a token opens no page."""
WRITERS = PEOPLE | {"reader": "denied", "administrator": "denied"}
"""403, not 404: that sharing exists is no secret, and the page says who can change the role."""
TAKERS_BACK = PEOPLE | {"reader": "absent", "administrator": "absent"}
MANAGERS = PEOPLE | dict.fromkeys(("reader", "contributor", "administrator"), "absent")
ADMINISTRATORS = PEOPLE | dict.fromkeys(("reader", "contributor", "manager", "foreign"), "absent")
NOBODY = PEOPLE | dict.fromkeys(("reader", "contributor", "manager", "foreign", "administrator"), "absent")
READ = rule(anonymous="login", applicant="login")
"""Who reads through the API: every approved member's session, and tokens with the scope."""
UNFOUND = READ | dict.fromkeys(VIEWERS[2:], "absent")
_NO_SCOPE = dict.fromkeys(("reader", "administrator", "read_token", "provider_token"), "denied")
WRITE = READ | _NO_SCOPE
ADMIN = WRITE | {"contributor": "denied"}
DECIDERS = READ | dict.fromkeys(("reader", "contributor", "read_token", "provider_token"), "denied")
"""Managers and administrators in their own session: no token answers applications."""
TOKENS = READ | dict.fromkeys(("reader", "contributor", "manager", "foreign", "administrator"), "login")
"""TAXII: a session opens nothing."""


_MISP = TOKENS | {"applicant": "waiting"}
"""MISP's paths lie beside those of pages, so that they stay closed to whoever waits, as every page is."""


_NO_TOKENS = _MISP | {"read_token": "absent", "provider_token": "absent"}
"""Nothing is there; only tokens learn that."""


_WRITING = _MISP | {"read_token": "denied", "provider_token": "denied"}
"""MISP's routes that write: for tokens with the scope, which none of these has."""


def but(base: Rule, **outcomes: str) -> Rule:
    """The rule, with exceptions."""
    return rule(**{**base, **outcomes})


def theirs(base: Rule) -> Rule:
    """The object is the home institution's: for another one's manager it does not exist."""
    return but(base, foreign="absent")


def get(path: str, allowed: Rule, **headers: str) -> Row:
    """Read."""
    return Row("GET", path, allowed, headers=headers)


def form(path: str, allowed: Rule, **data: str) -> Row:
    """A form of a page."""
    return Row("POST", path, allowed, data, media="form")


def send(path: str, allowed: Rule, body: Any, *, method: str = "POST", media: str = "application/json") -> Row:
    """A body to the API."""
    return Row(method, path, allowed, body, media)


def delete(path: str, allowed: Rule) -> Row:
    """Take away."""
    return Row("DELETE", path, allowed)


OF_THE_HOUSE = MANAGERS | {"foreign": "absent", "administrator": "in"}
"""A person of the home institution: its managers, and the platform's administrators."""
_SELF = "/api/v1/institutions/self"
_TAXII = "/taxii2/api/collections/{community}/"
_DEPOT = "/taxii2/api/collections/{depot}/"
_OBJECT = _TAXII + "objects/indicator--{stix}/"
_TAXII_BODY = "application/taxii+json;version=2.1"
_PROGRESS = but(theirs(PEOPLE), foreign="absent")

TABLE: dict[str, tuple[Row, ...]] = {
    # Everybody's
    "healthz": (get("/healthz", ANYBODY),),
    "readyz": (get("/readyz", ANYBODY),),  # 503 while no worker runs, to everybody
    "api/v1/schema": (get("/api/v1/schema", ANYBODY),),
    "api/docs": (get("/api/docs", ANYBODY),),
    "preferences/<slug:name>": (form("/preferences/theme", ANYBODY, value="dark"),),
    "help": (get("/help", ANYBODY),),
    "accessibility": (get("/accessibility", ANYBODY),),
    # Reading, in a browser
    "": (get("/", PEOPLE),),
    "status": (get("/status", PEOPLE),),
    "search": (get("/search?q={text}", PEOPLE), form("/search", PEOPLE, many="{text}")),
    "i/<uuid:public_id>": (get("/i/{value}", PEOPLE), get("/i/{hidden}", theirs(PEOPLE))),
    "alerts/<uuid:public_id>/seen": (
        form("/alerts/{alert}/seen", theirs(PEOPLE)),
        form("/alerts/{absent}/seen", NOBODY),
    ),
    # Writing, in a browser
    "share": (get("/share", WRITERS), form("/share", WRITERS, text="45.1.2.3", act="look")),
    "share/<uuid:public_id>": (get("/share/{submission}", theirs(PEOPLE)),),
    "share/<uuid:public_id>/progress": (get("/share/{submission}/progress", theirs(PEOPLE)),),
    "community/submissions": (get("/community/submissions", ADMINISTRATORS),),
    "community/submissions/<uuid:public_id>": (form("/community/submissions/{submission}", ADMINISTRATORS, act="x"),),
    "share/<uuid:public_id>/withdraw": (
        get("/share/{submission}/withdraw", theirs(TAKERS_BACK)),
        form("/share/{submission}/withdraw", theirs(TAKERS_BACK)),
    ),
    "contributions/<uuid:public_id>/withdraw": (
        get("/contributions/{statement}/withdraw", theirs(TAKERS_BACK)),
        form("/contributions/{statement}/withdraw", theirs(TAKERS_BACK)),
    ),
    "i/<uuid:public_id>/sightings": (
        form("/i/{value}/sightings", WRITERS, kind="seen"),
        form("/i/{hidden}/sightings", theirs(WRITERS), kind="seen"),
    ),
    "sightings/<uuid:public_id>/retract": (form("/sightings/{sighting}/retract", theirs(WRITERS)),),
    # The institution and the platform
    "account/waiting": (get("/account/waiting", but(PEOPLE, applicant="in")),),
    "account": (get("/account", PEOPLE), form("/account", PEOPLE, name="Somebody")),
    "account/second-factor": (get("/account/second-factor", PEOPLE),),
    "account/sessions/end": (form("/account/sessions/end", NOBODY, session="{session}"),),  # a colleague's
    "account/sessions/end-others": (form("/account/sessions/end-others", PEOPLE),),
    "account/tokens": (
        get("/account/tokens", PEOPLE),
        form("/account/tokens", MANAGERS, name="x", scopes="indicators:read"),
    ),
    "account/tokens/<uuid:public_id>/revoke": (form("/account/tokens/{token}/revoke", theirs(MANAGERS)),),
    "account/waiting/questions/<uuid:public_id>": (
        # Taken up, the answer leads back to the waiting page.
        form("/account/waiting/questions/{question}", but(_UNASKED, applicant="waiting"), words="x"),
        form("/account/waiting/questions/{absent}", _UNASKED, words="x"),
    ),
    "members/applications": (get("/members/applications", but(PEOPLE, reader="absent", contributor="absent")),),
    "members/applications/rules": (
        get("/members/applications/rules", ADMINISTRATORS),
        form("/members/applications/rules", ADMINISTRATORS, vouches_needed="1", charter_grace_days="30"),
    ),
    "members/candidates": (get("/members/candidates", TAKERS_BACK),),
    "members/candidates/<uuid:public_id>/vouch": (
        form("/members/candidates/{candidate}/vouch", TAKERS_BACK, words="known"),
    ),
    "members/candidates/<uuid:public_id>/withdraw": (form("/members/candidates/{candidate}/withdraw", TAKERS_BACK),),
    "charter": (get("/charter", ANYBODY),),
    "charter/<int:version>": (get("/charter/7", WALL),),
    "account/charter": (form("/account/charter", PEOPLE, version="1"),),
    "members/charter": (get("/members/charter", ADMINISTRATORS), form("/members/charter", ADMINISTRATORS, text_fr="x")),
    "api/v1/institutions/applications": (get("/api/v1/institutions/applications", DECIDERS),),
    "api/v1/institutions/applications/<uuid:public_id>": (
        send(
            "/api/v1/institutions/applications/{applicant}", but(DECIDERS, manager="absent", foreign="absent"),
            {"decision": "approve"},
        ),
    ),
    "account/tokens/feed-keys": (form("/account/tokens/feed-keys", MANAGERS, name="x"),),
    "account/tokens/mail": (
        get("/account/tokens/mail", TAKERS_BACK),
        form("/account/tokens/mail", TAKERS_BACK),
    ),
    "account/tokens/mail/<uuid:public_id>/revoke": (form("/account/tokens/mail/{absent}/revoke", NOBODY),),
    "webhooks": (get("/webhooks", MANAGERS), form("/webhooks", MANAGERS, name="x")),
    "webhooks/<uuid:public_id>": (
        get("/webhooks/{webhook}", theirs(MANAGERS)),
        form("/webhooks/{webhook}", theirs(MANAGERS), name="x"),
    ),
    "webhooks/<uuid:public_id>/<slug:act>": (
        form("/webhooks/{webhook}/pause", theirs(MANAGERS)),
        form("/webhooks/{webhook}/unheard-of", NOBODY),
    ),
    "webhooks/<uuid:public_id>/deliveries/<uuid:delivery_id>": (
        form("/webhooks/{webhook}/deliveries/{delivery}", theirs(MANAGERS)),
        form("/webhooks/{webhook}/deliveries/{absent}", NOBODY),
    ),
    "api/v1/webhooks": (
        get("/api/v1/webhooks", ADMIN),
        send("/api/v1/webhooks", ADMIN, {"name": "x", "url": "https://soar.example.org/hook"}),
    ),
    "api/v1/webhooks/<uuid:public_id>": (
        get("/api/v1/webhooks/{webhook}", theirs(ADMIN)),
        send("/api/v1/webhooks/{webhook}", theirs(ADMIN), {"state": "paused"}, method="PATCH"),
        delete("/api/v1/webhooks/{webhook}", theirs(ADMIN)),
    ),
    "api/v1/webhooks/<uuid:public_id>/secret": (send("/api/v1/webhooks/{webhook}/secret", theirs(ADMIN), {}),),
    "api/v1/webhooks/<uuid:public_id>/deliveries": (get("/api/v1/webhooks/{webhook}/deliveries", theirs(ADMIN)),),
    "api/v1/webhooks/<uuid:public_id>/deliveries/<uuid:delivery_id>/resend": (
        send("/api/v1/webhooks/{webhook}/deliveries/{delivery}/resend", theirs(ADMIN), {}),
    ),
    "transfers": (get("/transfers", MANAGERS), form("/transfers", MANAGERS, name="x")),
    "transfers/<uuid:public_id>/<slug:act>": (
        form("/transfers/{transfer}/rotate", theirs(MANAGERS)),
        form("/transfers/{transfer}/unheard-of", NOBODY),
    ),
    # Evidence: a case of home's, with an archive, an upload on its way and a guest
    "evidence": (get("/evidence", TAKERS_BACK), form("/evidence", TAKERS_BACK, title="x", tlp="3")),
    "evidence/keys": (get("/evidence/keys", ANYBODY),),
    "evidence/<uuid:public_id>": (get("/evidence/{case}", theirs(TAKERS_BACK)),),
    "evidence/<uuid:public_id>/records": (get("/evidence/{case}/records", theirs(TAKERS_BACK)),),
    "evidence/<uuid:public_id>/propose": (
        get("/evidence/{case}/propose", theirs(TAKERS_BACK)),
        form("/evidence/{case}/propose", theirs(TAKERS_BACK), act="look"),
    ),
    "evidence/<uuid:public_id>/<slug:act>": (
        form("/evidence/{case}/invite", theirs(TAKERS_BACK), member="x@example.org"),
        form("/evidence/{case}/part", theirs(TAKERS_BACK), guest="{guest}"),
        form("/evidence/{case}/shred", theirs(TAKERS_BACK), archive="{archive}"),
        form("/evidence/{case}/confirm", theirs(TAKERS_BACK), finding="{finding}"),
        form("/evidence/{case}/dismiss", theirs(TAKERS_BACK), finding="{finding}"),
        form("/evidence/{case}/unheard-of", NOBODY),
    ),
    "api/v1/evidence/cases": (
        get("/api/v1/evidence/cases", WRITE), send("/api/v1/evidence/cases", WRITE, {"title": "x"}),
    ),
    "api/v1/evidence/cases/<uuid:public_id>": (get("/api/v1/evidence/cases/{case}", theirs(WRITE)),),
    "api/v1/evidence/cases/<uuid:public_id>/guests": (
        send("/api/v1/evidence/cases/{case}/guests", theirs(WRITE), {"member": "x@example.org"}),
    ),
    "api/v1/evidence/cases/<uuid:public_id>/guests/<uuid:guest_id>": (
        delete("/api/v1/evidence/cases/{case}/guests/{guest}", theirs(WRITE)),
    ),
    "api/v1/evidence/uploads": (Row("POST", "/api/v1/evidence/uploads", WRITE, headers={"Upload-Length": "3"}),),
    "api/v1/evidence/uploads/<uuid:public_id>": (
        get("/api/v1/evidence/uploads/{upload}", theirs(WRITE)),
        Row(
            "PATCH", "/api/v1/evidence/uploads/{upload}", theirs(WRITE), "x", "application/offset+octet-stream",
            {"Tus-Resumable": "1.0.0", "Upload-Offset": "7"},
        ),
        Row("DELETE", "/api/v1/evidence/uploads/{upload}", theirs(WRITE), headers={"Tus-Resumable": "1.0.0"}),
    ),
    "api/v1/evidence/archives/<uuid:public_id>": (
        get("/api/v1/evidence/archives/{archive}", theirs(WRITE)),
        delete("/api/v1/evidence/archives/{archive}", theirs(WRITE)),
    ),
    "api/v1/evidence/archives/<uuid:public_id>/records": (
        get("/api/v1/evidence/archives/{archive}/records", theirs(WRITE)),
    ),
    "api/v1/evidence/archives/<uuid:public_id>/download.<str:form>": (
        get("/api/v1/evidence/archives/{archive}/download.jsonl", theirs(WRITE)),
    ),
    "api/v1/evidence/archives/<uuid:public_id>/findings": (
        get("/api/v1/evidence/archives/{archive}/findings", theirs(WRITE)),
    ),
    "api/v1/evidence/archives/<uuid:public_id>/findings/<uuid:finding_id>": (
        send(
            "/api/v1/evidence/archives/{archive}/findings/{finding}", theirs(WRITE), {"state": "confirmed"},
            method="PATCH",
        ),
    ),
    "api/v1/evidence/archives/<uuid:public_id>/hits": (
        get("/api/v1/evidence/archives/{archive}/hits", theirs(WRITE)),
    ),
    "api/v1/evidence/archives/<uuid:public_id>/proposals": (
        get("/api/v1/evidence/archives/{archive_done}/proposals", theirs(WRITE)),
    ),
    "api/v1/evidence/archives/<uuid:public_id>/share": (
        send("/api/v1/evidence/archives/{archive_done}/share", theirs(WRITE), {"indicators": ["odupd.exe"]}),
    ),
    "api/v1/evidence/archives/<str:filename>": (
        send("/api/v1/evidence/archives/a.zip", WRITE, "x", method="PUT", media="application/zip"),
        send(
            "/api/v1/evidence/archives/a.zip?case={case}", theirs(WRITE), "x", method="PUT", media="application/zip"
        ),
    ),
    "subscriptions": (get("/subscriptions", MANAGERS), form("/subscriptions", MANAGERS, name="x")),
    "subscriptions/<uuid:public_id>": (
        get("/subscriptions/{subscription}", theirs(MANAGERS)),
        form("/subscriptions/{subscription}", theirs(MANAGERS), name="x"),
    ),
    "subscriptions/<uuid:public_id>/<slug:act>": (
        form("/subscriptions/{subscription}/pause", theirs(MANAGERS)),
        form("/subscriptions/{subscription}/unheard-of", NOBODY),
    ),
    "account/tokens/<uuid:public_id>/rotate": (form("/account/tokens/{token}/rotate", theirs(MANAGERS), overlap="3"),),
    "api/v1/tokens": (
        get("/api/v1/tokens", ADMIN),
        send("/api/v1/tokens", ADMIN, {"name": "x", "scopes": ["feeds:read"]}),
    ),
    "api/v1/tokens/<uuid:public_id>": (
        get("/api/v1/tokens/{token}", theirs(ADMIN)),
        delete("/api/v1/tokens/{token}", theirs(ADMIN)),
    ),
    "api/v1/tokens/<uuid:public_id>/rotate": (send("/api/v1/tokens/{token}/rotate", theirs(ADMIN), {}),),
    "community/warning-lists": (
        get("/community/warning-lists", ADMINISTRATORS),
        form("/community/warning-lists", ADMINISTRATORS, label="x"),
    ),
    "community/warning-lists/choices": (form("/community/warning-lists/choices", ADMINISTRATORS, list="x"),),
    "community/warning-lists/exceptions": (form("/community/warning-lists/exceptions", ADMINISTRATORS, value="x"),),
    "community/partners": (
        get("/community/partners", ADMINISTRATORS),
        form("/community/partners", ADMINISTRATORS, name="x"),
    ),
    "community/partners/switches": (
        form("/community/partners/switches", ADMINISTRATORS, what="public_feed", on="0"),
    ),
    "community/partners/<uuid:public_id>": (get("/community/partners/{partner}", ADMINISTRATORS),),
    "community/partners/<uuid:public_id>/agreement": (form("/community/partners/{partner}/agreement", ADMINISTRATORS),),
    "community/partners/<uuid:public_id>/end": (form("/community/partners/{partner}/end", ADMINISTRATORS),),
    "community/partners/<uuid:public_id>/tokens": (form("/community/partners/{partner}/tokens", ADMINISTRATORS),),
    "community/partners/<uuid:public_id>/tokens/<uuid:token_id>/rotate": (
        form("/community/partners/{partner}/tokens/{partner_token}/rotate", ADMINISTRATORS, overlap="3"),
        form(
            "/community/partners/{partner}/tokens/{token}/rotate", but(ADMINISTRATORS, administrator="absent"),
            overlap="3",
        ),
    ),
    "community/partners/<uuid:public_id>/tokens/<uuid:token_id>/revoke": (
        form("/community/partners/{partner}/tokens/{partner_token}/revoke", ADMINISTRATORS),
        form("/community/partners/{partner}/tokens/{token}/revoke", but(ADMINISTRATORS, administrator="absent")),
    ),
    "members/applications/<uuid:public_id>": (
        form("/members/applications/{applicant}", ADMINISTRATORS, decision="approve", role="reader"),
    ),
    "account/connections": (get("/account/connections", PEOPLE),),
    "account/connections/undo": (form("/account/connections/undo", NOBODY, connection="{connection}"),),  # another's
    "privacy": (get("/privacy", ANYBODY),),
    "account/data": (get("/account/data", but(PEOPLE, applicant="in")),),
    "account/data/export": (form("/account/data/export", but(PEOPLE, applicant="in")),),
    "account/data/institution": (form("/account/data/institution", but(MANAGERS, applicant="absent")),),
    "account/data/erase": (form("/account/data/erase", but(PEOPLE, applicant="in")),),
    "account/data/erased": (get("/account/data/erased", ANYBODY),),
    "members": (get("/members", PEOPLE),),
    "members/invite": (form("/members/invite", MANAGERS, email="new@example.org", role="reader", language="fr"),),
    "members/invitations/<uuid:public_id>/resend": (
        form("/members/invitations/{mailed}/resend", theirs(MANAGERS)),
        form("/members/invitations/{absent}/resend", NOBODY),
    ),
    "members/invitations/<uuid:public_id>/revoke": (
        form("/members/invitations/{mailed}/revoke", theirs(MANAGERS)),
        form("/members/invitations/{absent}/revoke", NOBODY),
    ),
    "members/people/<uuid:public_id>/role": (form("/members/people/{person}/role", OF_THE_HOUSE, role="reader"),),
    "members/people/<uuid:public_id>/sessions": (form("/members/people/{person}/sessions", OF_THE_HOUSE),),
    "members/people/<uuid:public_id>/remove": (form("/members/people/{person}/remove", OF_THE_HOUSE),),
    "members/confirmation": (get("/members/confirmation", MANAGERS), form("/members/confirmation", MANAGERS)),
    "members/erasure": (get("/members/erasure", MANAGERS), form("/members/erasure", MANAGERS)),
    "members/departure": (get("/members/departure", MANAGERS), form("/members/departure", MANAGERS)),
    "members/institutions/<uuid:public_id>": (get("/members/institutions/{other}", ADMINISTRATORS),),
    "members/institutions/<uuid:public_id>/suspend": (
        form("/members/institutions/{other}/suspend", ADMINISTRATORS, reason="x"),
    ),
    "members/institutions/<uuid:public_id>/reinstate": (
        form("/members/institutions/{other}/reinstate", ADMINISTRATORS, reason="x"),
    ),
    "members/institutions/<uuid:public_id>/erase": (
        get("/members/institutions/{other}/erase", ADMINISTRATORS),
        form("/members/institutions/{other}/erase", ADMINISTRATORS),
    ),
    "members/institutions/<uuid:public_id>/leave": (
        form("/members/institutions/{other}/leave", ADMINISTRATORS, reason="x"),
    ),
    "members/institutions/<uuid:public_id>/merge": (
        form("/members/institutions/{other}/merge", ADMINISTRATORS, reason="x"),
    ),
    "invitation": (get("/invitation", rule(**dict.fromkeys(VIEWERS, "absent"))),),
    "api/v1/institutions": (get("/api/v1/institutions", ADMIN),),
    "api/v1/institutions/self": (get(_SELF, ADMIN),),
    "api/v1/institutions/self/confirmation": (send(_SELF + "/confirmation", ADMIN, {"contact_email": "a@b.example"}),),
    "api/v1/institutions/self/invitations": (
        get(_SELF + "/invitations", ADMIN),
        send(_SELF + "/invitations", ADMIN, {"email": "new@example.org", "role": "reader"}),
    ),
    "api/v1/institutions/self/invitations/<uuid:public_id>": (
        delete(_SELF + "/invitations/{mailed}", theirs(ADMIN)),
        delete(_SELF + "/invitations/{absent}", but(ADMIN, manager="absent", foreign="absent")),
    ),
    "api/v1/institutions/self/invitations/<uuid:public_id>/letter": (
        send(_SELF + "/invitations/{mailed}/letter", theirs(ADMIN), {}),
        send(_SELF + "/invitations/{absent}/letter", but(ADMIN, manager="absent", foreign="absent"), {}),
    ),
    "api/v1/institutions/self/members": (get(_SELF + "/members", ADMIN),),
    "api/v1/institutions/self/members/<uuid:public_id>": (
        send(_SELF + "/members/{person}", theirs(ADMIN), {"role": "reader"}, method="PATCH"),
        delete(_SELF + "/members/{person}", theirs(ADMIN)),
    ),
    "api/v1/institutions/self/members/<uuid:public_id>/sessions": (
        delete(_SELF + "/members/{person}/sessions", theirs(ADMIN)),
    ),
    "journal": (get("/journal", but(PEOPLE, reader="absent", contributor="absent")),),
    "journal/export": (get("/journal/export?format=csv", but(PEOPLE, reader="absent", contributor="absent")),),
    "api/v1/audit": (get("/api/v1/audit", ADMIN),),
    # Circles: home's, in which the third institution is too; assets: home's
    "circles": (get("/circles", PEOPLE), form("/circles", MANAGERS, name="Un autre")),
    "circles/invitations/<uuid:public_id>": tuple(
        form("/circles/invitations/{invited}", theirs(MANAGERS), answer=answer) for answer in ("accept", "decline")
    ),
    "circles/<uuid:public_id>": (get("/circles/{circle}", theirs(PEOPLE)),),
    "circles/<uuid:public_id>/<slug:act>": (
        form("/circles/{circle}/rename", theirs(MANAGERS), name="x"),
        form("/circles/{circle}/invite", theirs(MANAGERS), institution="{other}"),
        form("/circles/{circle}/withdraw", theirs(MANAGERS), invitation="{asked}"),
        *(form(f"/circles/{{circle}}/{act}", theirs(MANAGERS), institution="{third}") for act in ("remove", "appoint")),
        *(form(f"/circles/{{circle}}/{act}", theirs(MANAGERS)) for act in ("step-down", "leave", "dissolve")),
    ),
    "api/v1/circles": (get("/api/v1/circles", ADMIN), send("/api/v1/circles", ADMIN, {"name": "Un autre"})),
    "api/v1/circles/invitations/<uuid:public_id>": tuple(
        send("/api/v1/circles/invitations/{invited}", theirs(ADMIN), {"accept": accept}) for accept in (True, False)
    ),
    "api/v1/circles/<uuid:public_id>": (
        get("/api/v1/circles/{circle}", theirs(ADMIN)),
        send("/api/v1/circles/{circle}", theirs(ADMIN), {"name": "x"}, method="PATCH"),
        delete("/api/v1/circles/{circle}", theirs(ADMIN)),
    ),
    "api/v1/circles/<uuid:public_id>/leave": (send("/api/v1/circles/{circle}/leave", theirs(ADMIN), {}),),
    "api/v1/circles/<uuid:public_id>/invitations": (
        send("/api/v1/circles/{circle}/invitations", theirs(ADMIN), {"institution": "{other}"}),
    ),
    "api/v1/circles/<uuid:public_id>/invitations/<uuid:invitation_id>": (
        delete("/api/v1/circles/{circle}/invitations/{asked}", theirs(ADMIN)),
    ),
    "api/v1/circles/<uuid:public_id>/members/<uuid:institution_id>": (
        send("/api/v1/circles/{circle}/members/{third}", theirs(ADMIN), {"manages": True}, method="PATCH"),
        delete("/api/v1/circles/{circle}/members/{third}", theirs(ADMIN)),
    ),
    "assets": (get("/assets", PEOPLE), form("/assets", MANAGERS, kind="asn", value="AS2200")),
    "assets/<uuid:public_id>/check": (form("/assets/{asset}/check", theirs(MANAGERS)),),
    "assets/<uuid:public_id>/remove": (form("/assets/{asset}/remove", theirs(MANAGERS)),),
    "stolen-accounts": (get("/stolen-accounts", MANAGERS),),
    "stolen-accounts/<uuid:public_id>/done": (form("/stolen-accounts/{stolen}/done", theirs(MANAGERS)),),
    "assets/queue": (get("/assets/queue", ADMINISTRATORS),),
    "assets/queue/<uuid:public_id>": (
        form("/assets/queue/{asset}", ADMINISTRATORS, decision="approve"),
        form("/assets/queue/{asset}", ADMINISTRATORS, decision="refuse", reason="no"),
    ),
    "api/v1/assets": (
        get("/api/v1/assets", ADMIN),
        send("/api/v1/assets", ADMIN, {"kind": "asn", "value": "AS2200"}),
    ),
    "api/v1/assets/<uuid:public_id>": (
        get("/api/v1/assets/{asset}", theirs(ADMIN)),
        delete("/api/v1/assets/{asset}", theirs(ADMIN)),
    ),
    "api/v1/assets/<uuid:public_id>/check": (send("/api/v1/assets/{asset}/check", theirs(ADMIN), {}),),
    # The API
    "api/v1/submissions": (
        send("/api/v1/submissions", WRITE, {"indicators": ["45.1.2.4"]}),
        send("/api/v1/submissions?dry_run=1", WRITE, {"indicators": ["45.1.2.4"]}),
    ),
    "api/v1/submissions/<uuid:public_id>": (
        get("/api/v1/submissions/{submission}", theirs(WRITE)),
        delete("/api/v1/submissions/{submission}", theirs(WRITE)),
    ),
    "api/v1/submissions/<uuid:public_id>/items": (get("/api/v1/submissions/{submission}/items", theirs(WRITE)),),
    "api/v1/contributions/<uuid:public_id>": (
        delete("/api/v1/contributions/{statement}", theirs(WRITE)),
        send("/api/v1/contributions/{statement}", theirs(WRITE), {"tlp": "CLEAR"}, method="PATCH"),
    ),
    "api/v1/sightings": (
        send("/api/v1/sightings", WRITE, {"sightings": [{"value": "{text}", "kind": "seen"}]}),
    ),
    "api/v1/sightings/<uuid:public_id>": (delete("/api/v1/sightings/{sighting}", theirs(WRITE)),),
    "api/v1/alerts": (get("/api/v1/alerts", READ),),
    "api/v1/changes": (get("/api/v1/changes", READ),),
    "api/v1/indicators": (get("/api/v1/indicators", READ),),
    "api/v1/indicators/<uuid:public_id>": (
        get("/api/v1/indicators/{value}", READ),
        get("/api/v1/indicators/{hidden}", theirs(READ)),
    ),
    "api/v1/lookup": (send("/api/v1/lookup", READ, {"values": ["{text}"]}),),
    "feeds/atom": (get("/feeds/atom", READ),),
    "feeds/rss": (get("/feeds/rss", READ),),
    "feeds/k/<str:key>/atom.xml": (get("/feeds/k/{feed_key}/atom.xml", WALL),),
    "feeds/k/<str:key>/rss.xml": (get("/feeds/k/{feed_key}/rss.xml", WALL),),
    "feeds/k/<str:key>/<feed:file>": (
        get("/feeds/k/{feed_key}/text.txt", ANYBODY),
        get("/feeds/k/{feed_key}/csv.csv", WALL),
    ),
    "feeds/k/<str:key>/p/<str:file>": (
        get("/feeds/k/{profile_key}/p/suivi.txt", ANYBODY),
        get("/feeds/k/{feed_key}/p/suivi.txt", WALL),
    ),
    "tools": (get("/tools", PEOPLE),),
    "tools/new": (
        get("/tools/new?tool=BIND&format=rpz", MANAGERS),
        form("/tools/new?tool=BIND&format=rpz", MANAGERS, name="x"),
    ),
    "tools/policy": (get("/tools/policy", PEOPLE), form("/tools/policy", MANAGERS, cap="5")),
    "tools/feeds/<str:name>": (
        get("/tools/feeds/suivi", theirs(PEOPLE)),
        form("/tools/feeds/suivi", theirs(MANAGERS), note="x"),
    ),
    "tools/feeds/<str:name>/access": (form("/tools/feeds/suivi/access", theirs(MANAGERS)),),
    "tools/feeds/<str:name>/try": (form("/tools/feeds/suivi/try", theirs(PEOPLE)),),
    "tools/feeds/<str:name>/delete": (form("/tools/feeds/suivi/delete", theirs(MANAGERS)),),
    "feeds/p/<str:file>": (get("/feeds/p/suivi.txt", theirs(READ)), get("/feeds/p/suivi.csv", UNFOUND)),
    "feeds/p/<str:name>/<misp-file:file>": (
        get("/feeds/p/dossier/manifest.json", theirs(READ)), get("/feeds/p/suivi/manifest.json", UNFOUND),
    ),
    "feeds/k/<str:key>/p/<str:name>/<misp-file:file>": (
        get("/feeds/k/{folder_key}/p/dossier/manifest.json", ANYBODY),
        get("/feeds/k/{profile_key}/p/dossier/manifest.json", WALL),
    ),
    "feeds/p/<str:name>/changes": (get("/feeds/p/suivi/changes?after=1", theirs(READ)),),
    "api/v1/feeds": (get("/api/v1/feeds", READ), send("/api/v1/feeds", ADMIN, {"name": "x", "format": "csv"})),
    "api/v1/feeds/<str:name>": (
        get("/api/v1/feeds/suivi", theirs(READ)),
        send("/api/v1/feeds/suivi", theirs(ADMIN), {"note": "x"}, method="PATCH"),
        delete("/api/v1/feeds/suivi", theirs(ADMIN)),
    ),
    "api/v1/feed-policy": (
        get("/api/v1/feed-policy", READ),
        send("/api/v1/feed-policy", ADMIN, {"cap": 5}, method="PUT"),
    ),
    "public/<feed:name>": tuple(get(f"/public/{fmt.name}", ANYBODY) for fmt in formats),
    "feeds/<feed:name>": tuple(get(f"/feeds/{fmt.name}", READ) for fmt in formats),
    # TAXII
    "taxii2/": (get("/taxii2/", TOKENS),),
    "taxii2/api/": (get("/taxii2/api/", TOKENS),),
    "taxii2/api/collections/": (get("/taxii2/api/collections/", TOKENS),),
    "taxii2/api/collections/<str:collection_id>/": (
        get(_TAXII, TOKENS),
        get("/taxii2/api/collections/{foreign_inbox}/", but(TOKENS, read_token="absent", provider_token="absent")),
    ),
    "taxii2/api/collections/<str:collection_id>/objects/": (
        get(_TAXII + "objects/", TOKENS),
        send(
            _DEPOT + "objects/", but(TOKENS, read_token="denied", provider_token="denied"), {"objects": []},
            media=_TAXII_BODY,
        ),
    ),
    "taxii2/api/collections/<str:collection_id>/manifest/": (get(_TAXII + "manifest/", TOKENS),),
    "taxii2/api/collections/<str:collection_id>/objects/<str:object_id>/": (
        get(_OBJECT, TOKENS),
        delete(_OBJECT, but(TOKENS, read_token="denied", provider_token="denied")),
    ),
    "taxii2/api/collections/<str:collection_id>/objects/<str:object_id>/versions/": (
        get(_OBJECT + "versions/", TOKENS),
    ),
    "taxii2/api/status/<str:status_id>/": (
        get("/taxii2/api/status/{status}/", TOKENS),
        get("/taxii2/api/status/{foreign_status}/", but(TOKENS, read_token="absent", provider_token="absent")),
        get("/taxii2/api/status/{absent}/", but(TOKENS, read_token="absent", provider_token="absent")),
    ),
    "^taxii2/.+/$": (get("/taxii2/nothing/", but(TOKENS, read_token="absent", provider_token="absent")),),
    # MISP
    "servers/getVersion": (get("/servers/getVersion", _MISP),),
    "servers/getPyMISPVersion": (get("/servers/getPyMISPVersion", _MISP),),
    "users/view/<str:name>": (get("/users/view/me", _MISP), get("/users/view/7", _NO_TOKENS)),
    "attributes/describeTypes": (get("/attributes/describeTypes", _MISP),),
    "attributes/restSearch": (
        get("/attributes/restSearch/returnFormat:text", _MISP), send("/attributes/restSearch", _MISP, {"limit": 1}),
    ),
    "attributes/view/<str:name>": (get("/attributes/view/{absent}", _NO_TOKENS),),
    "events/restSearch": (get("/events/restSearch", _MISP), send("/events/restSearch", _MISP, {"limit": 1})),
    "events/index": (get("/events/index", _MISP), send("/events/index", _MISP, {})),
    "events/view/<str:name>": (get("/events/view/{absent}", _NO_TOKENS), send("/events/view/7", _NO_TOKENS, {})),
    "objects/restSearch": (get("/objects/restSearch", _MISP), send("/objects/restSearch", _MISP, {})),
    "sightings/index": (get("/sightings/index", _MISP), send("/sightings/index", _MISP, {})),
    "sightings/index/<str:name>": (
        get("/sightings/index/{absent}", _NO_TOKENS), send("/sightings/index/7", _NO_TOKENS, {}),
    ),
    "sightings/listSightings": (
        get("/sightings/listSightings", _NO_TOKENS), send("/sightings/listSightings", _NO_TOKENS, {"id": "{absent}"}),
    ),
    "sightings/listSightings/<str:name>": (
        get("/sightings/listSightings/7", _NO_TOKENS), send("/sightings/listSightings/7", _NO_TOKENS, {}),
    ),
    "sightings/listSightings/<str:name>/<str:context>": (
        get("/sightings/listSightings/7/event", _NO_TOKENS), send("/sightings/listSightings/7/event", _NO_TOKENS, {}),
    ),
    "sightings/restSearch": (get("/sightings/restSearch", _MISP), send("/sightings/restSearch", _MISP, {})),
    "sightings/restSearch/<str:context>": (
        get("/sightings/restSearch/event", _MISP), send("/sightings/restSearch/event", _NO_TOKENS, {"id": 7}),
    ),
    "tags/index": (get("/tags/index", _MISP),),
    "tags/search": (get("/tags/search", _MISP), send("/tags/search", _MISP, {"tagname": "tlp"})),
    "tags/search/<str:name>": (get("/tags/search/tlp", _MISP), send("/tags/search/tlp", _MISP, {})),
    "warninglists/index": (get("/warninglists/index", _MISP), send("/warninglists/index", _MISP, {})),
    "warninglists/checkValue": (send("/warninglists/checkValue", _MISP, ["8.8.8.8"]),),
    "taxonomies/index": (get("/taxonomies/index", _MISP),),
    "organisations/index": (get("/organisations/index", _MISP),),
    "organisations/view/<str:name>": (
        get("/organisations/view/{home}", _MISP), get("/organisations/view/{absent}", _NO_TOKENS),
    ),
    "feeds/misp/<str:name>": (get("/feeds/misp/manifest.json", READ), get("/feeds/misp/hashes.csv", READ)),
    "events/add": (send("/events/add", _WRITING, {"info": "x"}),),
    **{
        f"{kind}/{act}/<str:name>": (send(f"/{kind}/{act}/7", _WRITING, {}),)
        for kind, acts in (
            ("events", ("edit", "delete", "publish", "alert", "unpublish", "freeTextImport")),
            ("attributes", ("add", "edit", "delete")),
            ("objects", ("add", "edit", "delete")),
            ("sightings", ("add", "delete")),
        )
        for act in acts
    },
    "objects/add/<str:name>/<str:template>": (send("/objects/add/7/7", _WRITING, {}),),
    "tags/attachTagToObject": (send("/tags/attachTagToObject", _WRITING, {"uuid": "{absent}", "tag": "x"}),),
    "tags/removeTagFromObject": (send("/tags/removeTagFromObject", _WRITING, {"uuid": "{absent}", "tag": "x"}),),
    "tags/attachTagToObject/<str:name>/<str:tag>": (send("/tags/attachTagToObject/7/x", _WRITING, {}),),
    "tags/removeTagFromObject/<str:name>/<str:tag>": (send("/tags/removeTagFromObject/7/x", _WRITING, {}),),
    "sightings/add": (send("/sightings/add", _WRITING, {"value": "{text}"}),),
    "shadowAttributes/<str:act>": (send("/shadowAttributes/add", _WRITING, {}),),
    "shadowAttributes/<str:act>/<str:name>": (send("/shadowAttributes/add/7", _WRITING, {}),),
    "misp": (
        get("/misp", _NO_TOKENS), send("/events/nothing", _NO_TOKENS, {}),
        send("/misp", _WRITING, {}, method="PUT"), delete("/misp", _WRITING),
    ),
}  # fmt: skip

LIBRARY = ("accounts/",)
"""Log-in and its like: allauth's own pages, whose rules have tests of their own; here they must not break."""
