"""What is seen, what is asked, what blocks, what goes out and comes in."""

from __future__ import annotations

from tests.security.defences.base import Mutation

_VISIBILITY = "iocmarket/indicators/visibility.py"
_RULE = ("tests/iocmarket/indicators/test_visibility.py::test_the_condition_is_the_rule",)
_AUTHENTICATION = "iocmarket/accounts/authentication.py"
_TOKENS = "tests/iocmarket/accounts/test_authentication.py"
_OUT = "tests/iocmarket/outbound/test_client.py"
_GUARD = "tests/iocmarket/indicators/test_guard.py"
_WEB = "tests/iocmarket/web"
_LANE = "iocmarket/web/middleware/machines.py"

CONTENT = (
    # Who sees what
    Mutation(
        "what is for the own institution is read by it alone",
        _VISIBILITY, '(Q(audience="own") & own)', 'Q(audience="own")', _RULE,
    ),
    Mutation(
        "what is addressed is read by its recipients",
        _VISIBILITY, "(own | Q(recipients__contains=[viewer.institution_id]))", "Q(recipients__isnull=False)", _RULE,
    ),
    Mutation(
        "a circle is read by those who are in it",
        _VISIBILITY, '(Q(audience="circle") & Q(circle_id__in=circles_of(viewer.institution_id)))',
        'Q(audience="circle")', _RULE,
    ),
    Mutation(
        "what was taken back is not told",
        _VISIBILITY, "Q(withdrawn_at__isnull=True) & told_q(viewer)", "told_q(viewer)", _RULE,
    ),
    Mutation(
        "the ceiling of an exit holds for TLP",
        _VISIBILITY, "Q(tlp__lte=min(viewer.ceiling.tlp, FULL.tlp))", "Q(tlp__lte=4)", _RULE,
    ),
    Mutation(
        "the ceiling of an exit holds for PAP",
        _VISIBILITY, "Q(pap__lte=viewer.ceiling.pap) & admitted", "Q(pap__lte=9) & admitted", _RULE,
    ),
    Mutation(
        "only the author's institution takes back",
        _VISIBILITY, "if contribution.institution_id != viewer.institution_id:", "if viewer.institution_id is None:",
        ("tests/security/test_attacks.py::test_what_is_seen_is_not_changed_by_whoever_sees_it",
         "tests/iocmarket/indicators/test_visibility.py::test_only_the_author_with_the_right_to_write_takes_back"),
    ),
    Mutation(
        "machines read the views of their own ceiling",
        "iocmarket/publication/access.py", "        ceiling_tlp=viewer.ceiling.tlp,\n", "",
        ("tests/contract/test_matrix.py::test_a_token_with_a_lower_ceiling_reads_no_more_than_it",),
    ),
    # Who may do what
    Mutation(
        "a method of the API asks for its scope",
        "iocmarket/accounts/permissions.py", "return wanted in viewer.scopes", "return True",
        ("tests/contract/test_matrix.py::test_every_viewer_meets_what_the_matrix_says[read_token]",),
    ),
    Mutation(
        "pages are for approved members",
        "iocmarket/accounts/middleware.py", "not member.is_approved and not _is_open(request)", "False",
        ("tests/contract/test_matrix.py::test_every_viewer_meets_what_the_matrix_says[applicant]",),
    ),
    Mutation(
        "an expired or revoked token opens nothing",
        _AUTHENTICATION, "not token.is_usable(moment)", "False",
        (f"{_TOKENS}::test_a_revoked_token_opens_nothing_at_its_next_request",
         f"{_TOKENS}::test_an_expired_token_opens_nothing"),
    ),
    Mutation(
        "suspending an institution closes its tokens",
        _AUTHENTICATION, "not token.institution.opens_to_tokens(moment)", "False",
        (f"{_TOKENS}::test_tokens_of_an_institution_that_is_not_approved_open_nothing",),
    ),
    Mutation(
        "a token opens from its networks alone",
        _AUTHENTICATION, "return token if admits(token.networks, address) else None", "return token",
        ("tests/iocmarket/accounts/test_networks.py::test_a_token_opens_from_its_networks_alone",),
    ),
    Mutation(
        "a feed key is taken in no header",
        _AUTHENTICATION, "return None if token is None or token.feed else token", "return token",
        ("tests/sharing/feeds/test_doors.py::test_a_key_opens_no_other_feed_and_no_other_door",),
    ),
    Mutation(
        "a feed key opens its own feed alone",
        _AUTHENTICATION, "token.feed and token.feed == feed and are_on()", "are_on()",
        ("tests/sharing/feeds/test_doors.py::test_a_key_opens_no_other_feed_and_no_other_door",),
    ),
    Mutation(
        "partners and the public read what the community is told, and no more",
        _VISIBILITY, "    if viewer.community_only:\n        return community\n", "",
        ("tests/iocmarket/accounts/test_partners.py::test_what_is_addressed_to_a_partner_is_unknown_to_whatever_it_asks",),
    ),
    Mutation(
        "a partner's token carries nothing above GREEN",
        "iocmarket/accounts/models.py", ".capped(self.institution.ceiling)", "",
        ("tests/iocmarket/accounts/test_partners.py::test_no_token_of_a_partner_carries_more_than_green",),
    ),
    Mutation(
        "the API does not take a session without its token against forgery",
        _AUTHENTICATION, "found = super().authenticate(request)",
        'found = (request._request.user, None) if request._request.user.is_authenticated else None',
        (f"{_TOKENS}::test_a_session_writes_only_with_its_csrf_token",),
    ),
    Mutation(
        "TAXII takes tokens only",
        "sharing/taxii/views.py", "    authentication_classes = (TokenAuthentication,)\n", "",
        ("tests/sharing/taxii/test_endpoints.py::test_a_session_opens_no_taxii_endpoint",),
    ),
    Mutation(
        "an act and its trace stand or fall together",
        "iocmarket/audit/services.py", "if not connection.in_atomic_block:", "if False:",
        ("tests/iocmarket/audit/test_journal.py::test_an_event_outside_of_a_transaction_is_refused",),
    ),
    # What blocks
    Mutation(
        "what a member owns is never blocked",
        "iocmarket/indicators/guard.py", "_special_address, _asset, _public_suffix", "_special_address, _public_suffix",
        (f"{_GUARD}::test_what_a_member_owns_is_never_blocked",),
    ),
    Mutation(
        "special addresses are never blocked",
        "iocmarket/indicators/guard.py", "(_too_wide, _special_address, ", "(_too_wide, ",
        (f"{_GUARD}::test_nothing_that_python_calls_private_is_ever_allowed",),
    ),
    Mutation(
        "what stands on a warning list is never blocked",
        "iocmarket/indicators/guard.py", "_public_suffix, _listed)", "_public_suffix)",
        ("tests/contract/test_warninglists.py::test_public_resolvers_are_never_blocked",),
    ),
    # What goes out
    Mutation(
        "a cell of a table runs no formula",
        "sharing/feeds/formats/csv.py", "f\"'{cell}\" if cell.startswith(FORMULA) else cell", "cell",
        ("tests/sharing/feeds/test_formats.py::test_csv_carries_the_labels_and_runs_no_formula",),
    ),
    Mutation(
        "a rule of Suricata holds its value and nothing more",
        "sharing/feeds/signatures.py", '_UNSAFE = re.compile(rb"[^A-Za-z0-9/._~=?&-]+")',
        '_UNSAFE = re.compile(rb"[^ -~]+")',
        ("tests/sharing/feeds/test_formats.py::test_suricata_writes_a_web_address_so_that_nothing_ends_its_string",),
    ),
    Mutation(
        "markup in a value is text",
        "iocmarket/web/defanged.py", "yield conditional_escape(character)", "yield character",
        (f"{_WEB}/test_defanged.py::test_markup_in_a_value_is_text",),
    ),
    Mutation(
        "no page runs inline script",
        "iocmarket/settings/base.py", '"script-src": ["\'self\'"]', '"script-src": ["\'self\'", "\'unsafe-inline\'"]',
        (f"{_WEB}/test_middleware.py::test_pages_carry_the_strict_policy_and_are_kept_nowhere",),
    ),
    # What comes in
    Mutation(
        "a document is nested to a depth",
        "iocmarket/api/bodies.py", "        if not levels:\n", "        if False:\n",
        ("tests/iocmarket/api/test_bodies.py::test_deep_nesting_is_refused_at_any_depth_at_once",),
    ),
    Mutation(
        "a pasted password is blanked before storage",
        "ingestion/readers/credentials.py", "def secrets_in(text: str) -> list[Secret]:\n",
        "def secrets_in(text: str) -> list[Secret]:\n    if text:\n        return []\n",
        ("tests/ingestion/readers/test_credentials.py::test_a_password_is_in_no_item_and_in_no_stored_text",),
    ),
    # Where from
    Mutation(
        "a stranger does not say who it is",
        "iocmarket/web/client.py", "if not is_trusted(nearest):", "if False:",
        (f"{_WEB}/test_client.py::test_a_stranger_cannot_say_who_it_is",),
    ),
    Mutation(
        "headers of proxies come from proxies",
        "iocmarket/web/middleware/proxies.py", 'if not is_trusted(request.META.get("REMOTE_ADDR", "")):', "if False:",
        (f"{_WEB}/test_deployment.py::test_only_a_proxy_says_that_the_client_used_tls",),
    ),
    Mutation(
        "senders are counted",
        "iocmarket/web/throttles.py", "return int(found) / 1000", "return 0.0",
        (f"{_WEB}/test_throttles.py::test_a_machine_that_asks_too_often_is_told_how_long_to_wait",),
    ),
    Mutation(
        "a guess does not become free without the counter",
        "iocmarket/web/throttles.py", "return CLOSED_WAIT if self.guard else 0.0", "return 0.0",
        (f"{_WEB}/test_throttles.py::test_while_the_counter_is_away_guards_close_and_everything_else_opens",),
    ),
    # The short way of machines
    Mutation(
        "a session goes the long way",
        _LANE, "request.method not in READING or settings.SESSION_COOKIE_NAME in request.COOKIES",
        "request.method not in READING", (f"{_WEB}/test_machines.py::test_whoever_has_a_session_goes_the_long_way",),
    ),
    Mutation(
        "the short way is for reading",
        _LANE, "request.method not in READING or settings.SESSION_COOKIE_NAME in request.COOKIES",
        "settings.SESSION_COOKIE_NAME in request.COOKIES",
        (f"{_WEB}/test_machines.py::test_what_writes_and_what_no_machine_polls_goes_the_long_way",),
    ),
    Mutation(
        "the name by which a machine asks is ours",
        _LANE, "        request.get_host()", "        # request.get_host()",
        (f"{_WEB}/test_machines.py::test_a_name_that_is_not_ours_is_refused_on_the_short_way_too",),
    ),
    # The one way out
    Mutation(
        "outbound requests stay outside",
        "iocmarket/outbound/target.py", "if not inside and not all(map(is_open, found)):",
        "if not inside and not any(map(is_open, found)):",
        (f"{_OUT}::test_one_inside_address_among_several_is_enough_to_refuse",),
    ),
    Mutation(
        "addresses within addresses are closed",
        "iocmarket/outbound/addresses.py", '        "2002::/16",  # 6to4 carries an IPv4 address\n', "",
        (f"{_OUT}::test_no_spelling_of_an_inside_address_is_connected_to",),
    ),
    Mutation(
        "redirects stay on their host",
        "iocmarket/outbound/client.py", "if found.host != target.host or not (same or upgraded):", "if False:",
        (f"{_OUT}::test_a_redirect_to_another_port_of_the_same_host_is_refused",),
    ),
    Mutation(
        "an answer that drips ends",
        "iocmarket/outbound/deadline.py", "held.shutdown(socket.SHUT_RDWR)", "pass",
        (f"{_OUT}::test_a_slow_drip_ends_at_the_deadline",),
    ),
    Mutation(
        "an answer is bounded, also unpacked",
        "iocmarket/outbound/client.py", "if max(packed, len(unpacked)) > most:", "if packed > most:",
        (f"{_OUT}::test_a_large_body_is_not_taken",),
    ),
)  # fmt: skip
