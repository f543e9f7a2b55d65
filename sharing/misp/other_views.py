"""Everything else that clients ask for: versions, who they are, organisations, tags, warning lists, sightings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from rest_framework.exceptions import NotFound
from rest_framework.request import Request

from iocmarket.accounts.models import Institution
from iocmarket.accounts.roles import Scope
from iocmarket.accounts.viewer import Viewer
from iocmarket.api.problems import Problem
from iocmarket.indicators import guard
from iocmarket.indicators.assets import guarding
from iocmarket.indicators.models import Contribution
from iocmarket.indicators.recognise import recognise
from iocmarket.indicators.visibility import ContributionQuerySet
from iocmarket.indicators.warninglists.base import warning_lists
from iocmarket.kernel.decision import Refusal
from sharing.misp.frame import MispView, answer, read_body
from sharing.misp.numbers import number_of
from sharing.misp.reading import choice, is_true, texts
from sharing.misp.shapes import Json, Org, organisation, tag, taxonomy_tags
from sharing.misp.telling import community, org_of

VERSION = "2.5.34"
"""The MISP and the PyMISP whose requests and answers these are; clients compare, and convert each part to a number."""
CHECKED_MAX = 10_000
"""Values that one question about warning lists may name."""
TAGS_REACH = 20_000
"""Authors' tags are looked for among so many of the newest statements: no index serves them."""


class ServerVersion(MispView):
    """`servers/getVersion`."""

    def get(self, request: Request) -> HttpResponse:
        """What this server speaks, and what the token may do."""
        scopes = self.viewer(request).scopes
        return answer(
            {
                "version": VERSION, "pymisp_recommended_version": VERSION, "perm_sync": False,
                "perm_sighting": Scope.SIGHTINGS_WRITE.value in scopes, "perm_galaxy_editor": False,
                "perm_analyst_data": False, "uuid": "-", "request_encoding": [], "filter_sightings": True,
            }
        )  # fmt: skip


class PyMispVersion(MispView):
    """`servers/getPyMISPVersion`."""

    def get(self, request: Request) -> HttpResponse:
        """The one that is tested."""
        del request
        return answer({"version": VERSION})


class Me(MispView):
    """`users/view/me`: a machine of an institution; it has no name and no address of a person."""

    def get(self, request: Request, name: str = "me") -> HttpResponse:
        """Whose token this is. Raises NotFound for anybody else."""
        viewer = self.viewer(request)
        institution = Institution.objects.get(pk=viewer.institution_id)
        number = str(number_of(f"token:{viewer.token_id}:{institution.public_id}"))
        if name not in {"me", number}:
            raise NotFound
        return answer(_me(viewer, institution, number))


def _me(viewer: Viewer, institution: Institution, number: str) -> Json:
    writes = Scope.INDICATORS_WRITE.value in viewer.scopes
    org = organisation(org_of(institution))
    return {
        "User": {
            "id": number, "org_id": org["id"], "email": f"{number}@{settings.COMMUNITY_NAME}", "autoalert": False,
            "role_id": "1", "disabled": False, "nids_sid": "9000000", "termsaccepted": True, "newsread": "0",
        },
        "Role": {
            "id": "1", "name": "machine", "perm_add": writes, "perm_modify": writes, "perm_modify_org": writes,
            "perm_publish": writes, "perm_sync": False, "perm_admin": False, "perm_audit": False, "perm_auth": True,
            "perm_site_admin": False, "perm_regexp_access": False, "perm_tagger": writes, "perm_template": False,
            "perm_sighting": Scope.SIGHTINGS_WRITE.value in viewer.scopes, "perm_delegate": False,
            "perm_sharing_group": False, "perm_tag_editor": False, "perm_galaxy_editor": False,
            "perm_object_template": False, "perm_decaying": False, "perm_analyst_data": False,
        },
        "UserSetting": {},
        "Organisation": org,
    }  # fmt: skip


class Organisations(MispView):
    """`organisations/index`."""

    def get(self, request: Request) -> HttpResponse:
        """The directory that members have in the program; partners know those who signed what they read."""
        orgs = [*_orgs(self.viewer(request)), community()]
        return answer([{"Organisation": organisation(org)} for org in orgs])


class OneOrganisation(MispView):
    """`organisations/view`."""

    def get(self, request: Request, name: str) -> HttpResponse:
        """By number or uuid. Raises NotFound."""
        for org in [*_orgs(self.viewer(request)), community()]:
            if name.lower() in {org.number, str(org.public_id), org.name.lower()}:
                return answer({"Organisation": organisation(org)})
        raise NotFound


def _orgs(viewer: Viewer) -> list[Org]:
    rows = Institution.objects.filter(state=Institution.State.APPROVED, kind=Institution.Kind.MEMBER)
    if viewer.community_only:
        rows = Institution.objects.filter(pk=viewer.institution_id).exclude(kind=Institution.Kind.PUBLIC)
    return [org_of(row) for row in rows.order_by("name")]


class Tags(MispView):
    """`tags/index`."""

    def get(self, request: Request) -> HttpResponse:
        """Those that something carries which the viewer reads, and the ones of the taxonomies here."""
        return answer({"Tag": [tag(name) for name in _tags(self.viewer(request))]})


class TagSearch(MispView):
    """`tags/search`."""

    def get(self, request: Request, name: str = "") -> HttpResponse:
        """By a pattern in the path."""
        return self._found(request, name)

    def post(self, request: Request, name: str = "") -> HttpResponse:
        """By `tagname`."""
        return self._found(request, name)

    def _found(self, request: Request, name: str) -> HttpResponse:
        params = self.params(request)
        wanted = texts(params.get("tagname") or params.get("tag") or name)
        strict = is_true(params.get("strict_tagname"))
        pattern = choice([text if strict or "%" in text else f"%{text}%" for text in wanted])
        found = [each for each in _tags(self.viewer(request)) if wanted and pattern.admits([each])]
        return answer([{"Tag": tag(each), "Taxonomy": {}} for each in found])


def _tags(viewer: Viewer) -> list[str]:
    visible: ContributionQuerySet = Contribution.objects.visible_to(viewer)
    newest = visible.exclude(tags=[]).order_by("-pk").values_list("tags", flat=True)[:TAGS_REACH]
    said = {name for tags in newest for name in tags}
    return list(dict.fromkeys([*taxonomy_tags(), *sorted(said)]))


class Taxonomies(MispView):
    """`taxonomies/index`."""

    def get(self, request: Request) -> HttpResponse:
        """The three whose tags we write."""
        del request
        listed = [("tlp", "Traffic Light Protocol", True), ("PAP", "Permissible Actions Protocol", True)]
        listed.append(("rsit", "Reference Security Incident Taxonomy", False))
        return answer(
            [
                {
                    "Taxonomy": {
                        "id": str(number_of(space)), "namespace": space, "description": text, "version": "1",
                        "enabled": True, "exclusive": alone, "required": alone, "highlighted": False,
                    },
                    "total_count": sum(name.startswith(f"{space}:") for name in taxonomy_tags()),
                    "current_count": 0,
                }
                for space, text, alone in listed
            ]
        )  # fmt: skip


class WarningLists(MispView):
    """`warninglists/index`."""

    def get(self, request: Request) -> HttpResponse:
        """The lists that hold here, without what stands on them."""
        del request
        return answer({"Warninglists": [{"Warninglist": one} for one in _lists()]})

    post = get


def _lists() -> list[Json]:
    lists = guarding().lists
    found = [(held.name, str(held.label), str(held.version)) for held in warning_lists.ordered()]
    for index in lists.indexes:
        found += [(held.name, str(held.label), str(held.version)) for held in index.lists]
    return [
        {
            "id": str(number_of(name)), "name": label, "type": "string", "description": label, "version": version,
            "enabled": True, "default": True, "category": "false_positive", "warninglist_entry_count": "0",
            "valid_attributes": "",
        }
        for name, label, version in found
    ]  # fmt: skip


class WarningListCheck(MispView):
    """`warninglists/checkValue`."""

    def post(self, request: Request) -> HttpResponse:
        """Which of these values stand on a list; an empty list where none does. Raises Problem 400."""
        body = read_body(request, self.body_max)
        values = texts(body.get("value") if isinstance(body, dict) else body)
        if len(values) > CHECKED_MAX:
            raise Problem(400, "too_many_items", f"at most {CHECKED_MAX} values in one question")
        found = {text: hits for text, hits in zip(values, _hits(values), strict=True) if hits}
        return answer(found or [])


def _hits(values: Sequence[str]) -> Iterable[list[dict[str, Any]]]:
    lists = guarding().lists
    for text in values:
        try:
            read = recognise(text)
        except Refusal:
            yield []
            continue
        subject = guard.subject_of(read.type.name, read.canonical.value, subtree=False)
        yield [
            {"id": str(number_of(hit.name)), "name": str(hit.label), "matched": read.canonical.value}
            for hit in lists.hits(subject)
        ]


class Nothing(MispView):
    """Every other path of MISP's."""

    def get(self, request: Request) -> HttpResponse:
        """Raises NotFound."""
        del request
        raise NotFound

    post = put = delete = get
