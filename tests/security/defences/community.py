"""Institutions, persons, log-in, circles, the record, personal data."""

from __future__ import annotations

from tests.security.defences.base import Mutation

_WEB = "tests/iocmarket/web"
_ACCOUNTS = "tests/iocmarket/accounts"
_VETTING = "tests/iocmarket/vetting"
_PEOPLE = "iocmarket/accounts/people.py"
_VOUCHING = "iocmarket/vetting/vouching.py"
_DECIDING = "iocmarket/vetting/deciding.py"
_SSO = "iocmarket/sso/services.py"

COMMUNITY = (
    # People and institutions
    Mutation(
        "a manager acts on the own institution's people alone",
        _PEOPLE, "return institution is not None and by.institution_id == institution.pk and by.may(",
        "return institution is not None and by.may(",
        (f"{_ACCOUNTS}/test_people.py::test_the_service_too_refuses_the_people_of_another_institution",),
    ),
    Mutation(
        "a manager stands below the platform's administrators",
        _PEOPLE, "if member.is_administrator and not by.is_administrator:", "if False:",
        (f"{_ACCOUNTS}/test_people.py::test_org_admin_escalates_a_manager_does_nothing_to_an_administrator",),
    ),
    Mutation(
        "an institution keeps a manager",
        _PEOPLE, "if not managers_of(institution).exclude(pk=member.pk).exists():", "if False:",
        (f"{_ACCOUNTS}/test_people.py::test_the_last_manager_neither_leaves_nor_steps_down",),
    ),
    Mutation(
        "who is removed leaves no token behind",
        _PEOPLE, "tokens = Token.objects.filter(made_by=held, revoked_at__isnull=True).update(revoked_at=moment)",
        "tokens = 0",
        (f"{_ACCOUNTS}/test_people.py::test_removal_ends_sessions_and_tokens_at_once_and_keeps_attribution",),
    ),
    Mutation(
        "an invitation runs out",
        "iocmarket/accounts/invitations.py", "return waiting and clock.now() < invitation.expires_at and",
        "return waiting and",
        (f"{_ACCOUNTS}/test_invitations.py::test_the_link_runs_out_after_seven_days",),
    ),
    Mutation(
        "an institution that did not confirm itself writes nothing",
        "iocmarket/accounts/read_only.py", "member.institution is not None and member.institution.is_read_only",
        "False",
        (f"{_ACCOUNTS}/test_recertifying.py::test_a_page_that_is_added_later_is_closed_to_a_late_institution",),
    ),
    Mutation(
        "a rotated token ends",
        "iocmarket/accounts/rotating.py", "until if held.expires_at is None else min(held.expires_at, until)",
        "held.expires_at",
        (f"{_ACCOUNTS}/test_rotating.py::test_both_secrets_open_until_the_overlap_is_over",),
    ),
    Mutation(
        "a rotated token carries what it carried",
        "iocmarket/accounts/rotating.py", "        networks=held.networks,\n", "",
        (f"{_ACCOUNTS}/test_rotating.py::test_the_successor_may_do_the_same_and_no_more",),
    ),
    Mutation(
        "a name is owned by whom its DNS says",
        "iocmarket/accounts/asset_dns.py", "if challenge and challenge in texts", "if texts",
        (f"{_ACCOUNTS}/test_asset_dns.py::test_another_text_proves_nothing",),
    ),
    # Second factors and fresh log-ins
    Mutation(
        "who needs a second factor has one",
        "iocmarket/accounts/second_factor.py", "return must_have(member) and not is_protected(member, session)",
        "return False",
        (f"{_ACCOUNTS}/test_second_factor.py::test_who_needs_one_sees_only_where_it_is_set_up",),
    ),
    Mutation(
        "a copy of the database makes no code",
        "iocmarket/accounts/mfa_adapter.py", "return cipher(_PURPOSE).encrypt(text.encode()).decode()", "return text",
        (f"{_ACCOUNTS}/test_second_factor.py::test_a_copy_of_the_database_makes_no_code",),
    ),
    Mutation(
        "sensitive acts ask for a fresh proof",
        "iocmarket/accounts/reauthentication.py", '    "/account/tokens",\n', "",
        (f"{_ACCOUNTS}/test_own_page.py::test_no_token_is_made_from_a_browser_that_was_left_open",),
    ),
    # Circles
    Mutation(
        "a circle is managed by those who manage it",
        "iocmarket/accounts/circles.py", "if institution.pk not in managing(circle):", "if False:",
        (f"{_ACCOUNTS}/test_circle_invitations.py::test_only_who_manages_invites_and_removes",),
    ),
    Mutation(
        "an invitation into a circle that was taken back opens nothing",
        "iocmarket/indicators/joining.py", "    if not asked.exists():\n", "    if False:\n",
        (f"{_ACCOUNTS}/test_circle_invitations.py::test_a_question_taken_back_or_expired_cannot_be_accepted",),
    ),
    # Vetting
    Mutation(
        "nobody vouches for a colleague",
        _VOUCHING, "            member__institution__state__in=NEW,\n", "",
        (f"{_VETTING}/test_vouching.py::test_nobody_vouches_for_a_colleague_or_oneself_or_for_who_joins_a_member",),
    ),
    Mutation(
        "the word of a suspended institution does not count",
        _VOUCHING, "        institution__state=Institution.State.APPROVED,\n", "",
        (f"{_VETTING}/test_vouching.py::test_the_word_of_a_suspended_institution_or_person_does_not_count",),
    ),
    Mutation(
        "without the vouches nobody is let in",
        _DECIDING, "    if not without_vouches:\n", "    if False:\n",
        (f"{_VETTING}/test_deciding.py::test_without_the_vouches_nobody_is_let_in_unless_it_is_said_why",),
    ),
    Mutation(
        "a manager answers the own people alone",
        _DECIDING, "found.filter(institution=decider.institution)", "found",
        (f"{_VETTING}/test_deciding.py::test_a_manager_answers_the_own_people_and_learns_of_no_others",),
    ),
    Mutation(
        "nobody is seen before the address is confirmed",
        _DECIDING, "Q(application__isnull=True) | Q(application__verified_at__isnull=False)", "Q()",
        (f"{_VETTING}/test_applying.py::test_before_the_address_is_confirmed_nobody_sees_the_application",),
    ),
    Mutation(
        "a new charter stands before every page",
        "iocmarket/vetting/middleware.py", "if owed_by(member) is None:", "if True:",
        (f"{_VETTING}/test_charter.py::test_a_new_version_stands_before_every_page_until_it_is_accepted",),
    ),
    # Log-in through a provider
    Mutation(
        "an address that a provider asserts finds no account",
        _SSO, "    _check_address(asserted, config)\n    member",
        "    if found := Member.objects.filter(email__iexact=asserted.email).first():\n"
        "        return SocialAccount.objects.create(\n"
        "            user=found, provider=asserted.issuer, uid=asserted.subject, extra_data={}\n        )\n    member",
        ("tests/iocmarket/sso/test_saml.py::test_an_address_of_somebody_else_opens_nothing",),
    ),
    Mutation(
        "who logs in through a provider is moved nowhere",
        _SSO, "if member.institution_id != institution.pk:", "if False:",
        ("tests/iocmarket/sso/test_oidc.py::test_nobody_is_moved",),
    ),
    Mutation(
        "a manager answers whom the own provider brought",
        "iocmarket/vetting/deciding.py",
        "return found if decider.may(Capability.APPLICATIONS_DECIDE) "
        "else found.filter(institution=decider.institution)",
        "return found",
        ("tests/iocmarket/sso/test_pending.py::test_nobody_else_answers",),
    ),
    Mutation(
        "an assertion is for this place, and answers the request that it names",
        "iocmarket/sso/saml.py", "if not any(_confirms(one, request_id) for one in confirmed):", "if False:",
        ("tests/iocmarket/sso/test_saml.py::test_an_assertion_for_a_place_whose_address_begins_like_ours_is_refused",),
    ),
    Mutation(
        "an identity has one account",
        _SSO, "if account.user_id != held.pk:", "if False:",
        ("tests/iocmarket/sso/test_oidc.py::test_an_identity_has_one_account",),
    ),
    # The record, and persons
    Mutation(
        "an event that was changed breaks the chain",
        "iocmarket/audit/verifying.py", "elif link(event, bytes(seal.previous)) != bytes(seal.hash):", "elif False:",
        ("tests/iocmarket/audit/test_chain.py::test_tampering_with_the_database_is_found_where_it_was_done",),
    ),
    Mutation(
        "an institution reads its own trail",
        "iocmarket/audit/trail.py", "    if reader.everything:\n", "    if True:\n",
        ("tests/iocmarket/audit/test_trail.py::test_an_institution_reads_its_own_trail_and_no_others",),
    ),
    Mutation(
        "an erased person's means of logging in go",
        "iocmarket/privacy/erasing.py", '("account", "mfa", "usersessions", "socialaccount")', "()",
        ("tests/iocmarket/privacy/test_own_data.py::test_an_erased_person_is_nowhere_in_the_database",),
    ),
    Mutation(
        "an erased person's addresses in the record go",
        "iocmarket/privacy/erasing.py",
        '    Event.objects.filter(actor=member, salt__isnull=False).update(address=None, client="", salt=None)\n', "",
        ("tests/iocmarket/privacy/test_own_data.py::test_an_erased_person_is_nowhere_in_the_database",),
    ),
    Mutation(
        "what a person chose begins no header of a letter",
        "iocmarket/web/mails.py", 'one_line(f"[{settings.COMMUNITY_NAME}] {subject}")',
        'f"[{settings.COMMUNITY_NAME}] {subject}"',
        (f"{_WEB}/test_mails.py::test_names_are_not_escaped_and_begin_no_header",),
    ),
    Mutation(
        "no log line holds a key",
        "iocmarket/web/redaction.py", '_SECRET.sub(HIDDEN, text))', "text)",
        (f"{_WEB}/test_redaction.py::test_secrets_are_cut_wherever_they_stand_and_nothing_else_is",),
    ),
)  # fmt: skip
