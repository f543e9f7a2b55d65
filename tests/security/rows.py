"""The classes of advisories of comparable programs, and the tests by which each is survived here.

A class is a row: what went wrong elsewhere, the tests (pytest ids without parameters), and the surfaces that are still
to come with the part of the program that brings them. tests/security/test_rows.py checks that every test exists.
"""

from __future__ import annotations

from dataclasses import dataclass

_WEB = "tests/iocmarket/web"
_ACCOUNTS = "tests/iocmarket/accounts"
_OUT = "tests/iocmarket/outbound"
_EXITS = "tests/contract/test_exits.py"
_MATRIX = "tests/contract/test_matrix.py"
_VETTING = "tests/iocmarket/vetting"
_SSO = "tests/iocmarket/sso"
_ATTACKS = "tests/security/test_attacks.py"


@dataclass(frozen=True, slots=True)
class Row:
    """One class. `open`: surfaces that do not exist yet, and what will bring them."""

    name: str
    evidence: str
    tests: tuple[str, ...]
    open: tuple[str, ...] = ()


ROWS = (
    Row(
        "authorise object A, change object B",
        "CVE-2026-56424",
        (
            f"{_MATRIX}::test_every_viewer_meets_what_the_matrix_says",
            f"{_ATTACKS}::test_the_id_in_the_body_does_not_replace_the_one_in_the_path",
            "tests/iocmarket/indicators/test_amending.py::test_what_is_gone_or_anothers_is_not_amended",
            "tests/ingestion/submissions/test_existence.py::test_the_statement_of_the_other_is_untouched",
            "tests/sharing/taxii/test_contributing.py::test_institutions_do_not_meet_in_their_depots",
            f"{_ACCOUNTS}/test_people.py::test_a_manager_finds_nobody_of_another_institution",
            f"{_ACCOUNTS}/test_circle_pages.py::test_the_circle_in_the_path_decides_not_the_one_in_the_body",
            f"{_ACCOUNTS}/test_asset_pages.py::test_assets_of_others_answer_as_none",
            f"{_ACCOUNTS}/test_own_page.py::test_nobody_ends_the_session_of_somebody_else",
            f"{_VETTING}/test_pages.py::test_an_application_of_another_institution_answers_a_manager_like_one_that_is_not_there",
            f"{_SSO}/test_pending.py::test_nobody_else_answers",
        ),
        (
            "the MISP dialect",
            "evidence",
        ),
    ),
    Row(
        "visible treated as editable",
        "CVE-2026-56424",
        (
            f"{_ATTACKS}::test_what_is_seen_is_not_changed_by_whoever_sees_it",
            "tests/iocmarket/indicators/test_visibility.py::test_only_the_author_with_the_right_to_write_takes_back",
            "tests/iocmarket/indicators/test_sightings.py::test_the_reporter_takes_back_and_nobody_else",
            "tests/sharing/taxii/test_endpoints.py::test_writing_to_a_read_only_collection_is_a_403",
        ),
        ("the MISP dialect",),
    ),
    Row(
        "a manager becomes administrator",
        "CVE-2026-44380, CVE-2026-44730",
        (
            f"{_MATRIX}::test_every_viewer_meets_what_the_matrix_says",
            f"{_ACCOUNTS}/test_community.py::test_managers_make_and_revoke_the_tokens_of_their_own_institution_alone",
            f"{_ACCOUNTS}/test_tokens_api.py::test_another_institutions_token_is_as_none",
            f"{_ACCOUNTS}/test_people.py::test_org_admin_escalates_a_manager_does_nothing_to_an_administrator",
            f"{_ACCOUNTS}/test_people.py::test_nobody_gives_a_role_above_the_own",
            f"{_ACCOUNTS}/test_people.py::test_a_token_that_manages_is_worth_a_manager_and_no_more",
            f"{_ACCOUNTS}/test_people.py::test_the_service_too_refuses_the_people_of_another_institution",
            f"{_ACCOUNTS}/test_partners.py::test_only_an_administrator_sees_partners",
            f"{_VETTING}/test_deciding.py::test_nobody_lets_oneself_in",
        ),
    ),
    Row(
        "an account taken over through a log-in provider",
        "CVE-2026-9084, MISP#9478",
        (
            "tests/iocmarket/sso/test_oidc.py::test_an_address_of_somebody_else_opens_nothing",
            "tests/iocmarket/sso/test_oidc.py::test_the_same_subject_of_another_issuer_is_somebody_else",
            "tests/iocmarket/sso/test_oidc.py::test_nobody_is_moved",
            "tests/iocmarket/sso/test_oidc.py::test_nobody_who_is_out_is_let_in_again",
            "tests/iocmarket/sso/test_oidc.py::test_an_old_session_connects_nothing",
            "tests/iocmarket/sso/test_saml.py::test_an_address_of_somebody_else_opens_nothing",
            "tests/iocmarket/sso/test_saml.py::test_an_answer_counts_once",
            "tests/iocmarket/sso/test_saml.py::test_nobody_logs_in_whom_nobody_asked_for",
            "tests/iocmarket/sso/test_saml.py::test_a_message_that_was_changed_is_refused",
        ),
    ),
    Row(
        "mass assignment",
        "CVE-2026-21886",
        (
            f"{_ATTACKS}::test_extra_fields_of_a_form_assign_nothing",
            f"{_ATTACKS}::test_extra_fields_of_a_body_are_refused",
            f"{_ACCOUNTS}/test_tokens_api.py::test_mass_assignment_is_refused_by_the_api",
            f"{_ACCOUNTS}/test_tokens_api.py::test_mass_assignment_is_ignored_by_the_page",
            f"{_ACCOUNTS}/test_people.py::test_fields_that_are_not_asked_for_assign_nothing",
            f"{_ACCOUNTS}/test_invitations.py::test_fields_that_are_not_asked_for_assign_nothing",
            f"{_ACCOUNTS}/test_asset_pages.py::test_a_body_cannot_say_more_than_it_may",
            f"{_ACCOUNTS}/test_asset_pages.py::test_a_form_cannot_say_more_than_it_may",
            f"{_ACCOUNTS}/test_circle_pages.py::test_bodies_are_read_exactly",
            f"{_ACCOUNTS}/test_community.py::test_an_application_cannot_grant_itself_anything",
            f"{_SSO}/test_pending.py::test_a_form_assigns_nothing_but_what_it_is_for",
        ),
        ("the MISP dialect",),
    ),
    Row(
        "a change of type X deletes type Y",
        "CVE-2026-21886",
        (f"{_ATTACKS}::test_the_id_of_another_kind_of_object_deletes_nothing",),
    ),
    Row(
        "impersonation without log-in",
        "CVE-2026-27960",
        (
            f"{_WEB}/test_deployment.py::test_no_header_logs_anybody_in",
            f"{_WEB}/test_deployment.py::test_nobody_says_who_the_user_is",
            f"{_WEB}/test_client.py::test_a_stranger_cannot_say_who_it_is",
            f"{_EXITS}::test_a_stranger_opens_nothing",
        ),
    ),
    Row(
        "key used as session, key shown again, weak hash",
        "MISP d92123c91, 53fa20ade, 790087ca6",
        (
            f"{_ACCOUNTS}/test_authentication.py::test_a_token_opens_no_page",
            f"{_ACCOUNTS}/test_authentication.py::test_a_token_in_the_address_opens_nothing",
            f"{_ACCOUNTS}/test_authentication.py::test_a_revoked_token_opens_nothing_at_its_next_request",
            f"{_ACCOUNTS}/test_authentication.py::test_every_refusal_of_a_token_reads_the_same",
            f"{_ACCOUNTS}/test_community.py::test_the_secret_of_a_token_is_shown_once",
            f"{_ACCOUNTS}/test_services.py::test_a_token_is_kept_as_its_digest_alone",
            f"{_ACCOUNTS}/test_tokens_api.py::test_the_secret_is_stored_as_a_digest_alone",
            f"{_ACCOUNTS}/test_tokens_api.py::test_guesses_are_counted_by_address_and_hold_up_nobody_else",
            "tests/sharing/feeds/test_doors.py::test_a_key_opens_no_other_feed_and_no_other_door",
            "tests/sharing/feeds/test_doors.py::test_a_token_opens_nothing_in_an_address",
            "tests/sharing/feeds/test_doors.py::test_no_log_line_holds_a_key",
        ),
    ),
    Row(
        "codes guessed, used twice, or the second step skipped",
        "CVE-2024-45404, MISP 65bb3ef6e",
        (
            f"{_ACCOUNTS}/test_second_factor.py::test_the_second_step_cannot_be_skipped",
            f"{_ACCOUNTS}/test_second_factor.py::test_codes_are_not_guessed_by_trying_all",
            f"{_ACCOUNTS}/test_second_factor.py::test_patience_does_not_help_either",
            f"{_ACCOUNTS}/test_second_factor.py::test_a_code_that_somebody_saw_opens_nothing_again",
            f"{_ACCOUNTS}/test_second_factor.py::test_who_needs_one_sees_only_where_it_is_set_up",
            f"{_ACCOUNTS}/test_second_factor.py::test_a_copy_of_the_database_makes_no_code",
            f"{_ACCOUNTS}/test_own_page.py::test_a_borrowed_session_changes_no_second_factor",
            f"{_ACCOUNTS}/test_own_page.py::test_a_browser_that_was_left_open_is_logged_out_from_another",
        ),
    ),
    Row(
        "access rule missing on a second view",
        "MISP f039b21af, 92888b137, 4f27f83a7",
        (
            f"{_EXITS}::test_every_route_is_in_the_table",
            f"{_EXITS}::test_no_exit_betrays_what_the_reader_may_not_see",
            f"{_MATRIX}::test_every_route_stands_in_the_matrix",
            f"{_MATRIX}::test_every_method_of_the_api_stands_in_the_matrix",
            f"{_MATRIX}::test_every_exit_tells_every_viewer_what_marking_and_audience_admit",
            "tests/oracle/test_worlds.py::test_whatever_people_do_every_exit_says_what_the_rules_say",
            "tests/iocmarket/audit/test_trail.py::test_an_institution_reads_its_own_trail_and_no_others",
            "tests/iocmarket/audit/test_trail.py::test_an_administrator_learns_that_content_was_changed_and_nothing_of_it",
            "tests/iocmarket/audit/test_trail.py::test_no_event_of_acts_with_values_holds_one",
            "tests/iocmarket/privacy/test_own_data.py::test_a_manager_takes_the_data_of_the_institution_without_what_is_a_persons_alone",
            "tests/sharing/feeds/test_doors.py::test_a_statement_in_amber_changes_nothing_in_public",
        ),
        ("web hooks, mail and chat notifications", "evidence", "statistics pages"),
    ),
    Row(
        "existence told by a difference",
        "MISP 038eb20da",
        (
            "tests/ingestion/submissions/test_existence.py::test_submitting_it",
            "tests/iocmarket/indicators/test_sightings.py::test_hidden_and_unknown_are_refused_alike_by_the_same_statements",
            "tests/sharing/taxii/test_endpoints.py::test_absent_hidden_and_misspelt_collections_are_the_same_404",
            f"{_ACCOUNTS}/test_community.py::test_log_in_answers_alike_for_a_wrong_password_and_an_unknown_address",
            f"{_EXITS}::test_no_exit_betrays_what_the_reader_may_not_see",
            f"{_ACCOUNTS}/test_invitations.py::test_whether_an_address_is_a_member_is_told_to_the_mailbox_alone",
            f"{_ACCOUNTS}/test_log_in.py::test_an_application_tells_nobody_that_the_address_is_known",
            f"{_ACCOUNTS}/test_log_in.py::test_a_lost_password_is_asked_for_alike_whether_or_not_somebody_has_the_address",
            f"{_ACCOUNTS}/test_partners.py::test_what_is_addressed_to_a_partner_is_unknown_to_whatever_it_asks",
            f"{_ACCOUNTS}/test_circle_invitations.py::test_the_inviter_does_not_learn_of_a_circle_of_the_same_name",
            f"{_ACCOUNTS}/test_circle_pages.py::test_a_circle_of_others_answers_as_none",
            f"{_VETTING}/test_pages.py::test_a_member_institution_and_an_unknown_one_are_answered_alike",
        ),
        ("the MISP dialect",),
    ),
    Row(
        "sharing wider than asked for",
        "MISP ca13fee27, a0f08501d, 20053ea32",
        (
            "tests/iocmarket/indicators/test_visibility.py::test_the_condition_is_the_rule",
            "tests/iocmarket/indicators/test_amending.py::test_a_narrower_audience_is_a_withdrawal_for_those_who_lose_it",
            "tests/iocmarket/indicators/test_amending.py::test_red_leaves_every_view_and_becomes_the_persons_own",
            "tests/ingestion/submissions/test_markings.py::test_who_shares_anonymously_is_named_in_no_exit",
            "tests/iocmarket/indicators/test_leaving.py::test_who_leaves_loses_it_and_takes_back_what_it_said",
            f"{_ACCOUNTS}/test_partners.py::test_no_token_of_a_partner_carries_more_than_green",
            f"{_ACCOUNTS}/test_partners.py::test_nothing_can_be_addressed_to_a_partner_and_it_is_in_no_circle",
            f"{_MATRIX}::test_a_token_with_a_lower_ceiling_reads_no_more_than_it",
        ),
        ("tags and markings that come with the MISP dialect",),
    ),
    Row(
        "script in a value, a comment, a name",
        "36 commits of MISP",
        (
            f"{_WEB}/test_defanged.py::test_markup_in_a_value_is_text",
            f"{_WEB}/test_components.py::test_a_hostile_value_stays_inside_its_attribute",
            f"{_WEB}/test_templates.py::test_no_inline_style_script_or_handler",
            f"{_WEB}/test_templates.py::test_what_is_marked_safe_is_known",
            f"{_WEB}/test_middleware.py::test_pages_carry_the_strict_policy_and_are_kept_nowhere",
            f"{_ATTACKS}::test_markup_in_any_field_reaches_no_page_as_markup",
            "tests/security/test_markup.py::test_markup_in_every_text_reaches_no_page_as_markup",
            "tests/security/test_markup.py::test_every_column_of_text_stands_in_the_table",
            "tests/security/test_markup.py::test_what_a_browser_calls_itself_is_text_in_the_journal",
            f"{_ACCOUNTS}/test_token_pages.py::test_the_page_tells_of_the_last_use_without_obeying_it",
        ),
        (
            "mails that are read",
            "names in archives of evidence",
            "chat",
        ),
    ),
    Row(
        "forged requests, GET with effects",
        "MISP 0ac2468c2",
        (
            f"{_MATRIX}::test_no_form_is_taken_without_its_token_against_forgery",
            f"{_MATRIX}::test_reading_writes_nothing_into_the_record_but_of_evidence",
            f"{_ACCOUNTS}/test_authentication.py::test_a_session_writes_only_with_its_csrf_token",
            f"{_WEB}/test_templates.py::test_every_form_that_writes_carries_its_token",
            f"{_VETTING}/test_pages.py::test_every_act_needs_a_form_of_ours",
            f"{_ACCOUNTS}/test_token_pages.py::test_every_act_asks_for_the_forms_own_token",
            f"{_ACCOUNTS}/test_circle_pages.py::test_get_changes_nothing",
            f"{_SSO}/test_oidc.py::test_a_log_in_begins_by_a_button_with_our_cookie",
        ),
    ),
    Row(
        "requests of the server to its own network",
        "CVE-2026-21887, MISP 6e81c8ee8",
        (
            f"{_OUT}/test_client.py::test_no_spelling_of_an_inside_address_is_connected_to",
            f"{_OUT}/test_client.py::test_the_name_is_resolved_once_and_the_address_that_was_checked_is_the_one_connected_to",
            f"{_OUT}/test_client.py::test_a_redirect_to_somewhere_else_is_refused",
            f"{_OUT}/test_client.py::test_an_address_that_means_something_else_is_refused_before_anybody_is_asked",
            f"{_OUT}/test_one_way_out.py::test_only_one_package_speaks_to_strangers",
        ),
    ),
    Row(
        "files: traversal, bombs, types",
        "MISP 8cc93687d, 93821c0de",
        (
            "tests/ingestion/submissions/test_long.py::test_a_gzip_bomb_is_413",
            "tests/ingestion/submissions/test_long.py::test_a_body_one_byte_over_the_limit_is_413",
            f"{_OUT}/test_client.py::test_a_large_body_is_not_taken",
        ),
        ("archives and evidence",),
    ),
    Row(
        "templates of users",
        "Yeti, OpenCTI notifiers",
        (f"{_ATTACKS}::test_template_syntax_in_any_field_is_text",),
    ),
    Row(
        "injection into headers, mails, cells, logs",
        "MISP 9244",
        (
            f"{_WEB}/test_deployment.py::test_an_unknown_host_is_refused_before_a_link_is_made_from_it",
            f"{_WEB}/test_deployment.py::test_a_forwarded_host_changes_no_link",
            "tests/sharing/feeds/test_formats.py::test_csv_carries_the_labels_and_runs_no_formula",
            f"{_OUT}/test_client.py::test_a_header_cannot_begin_another",
            f"{_WEB}/test_mails.py::test_names_are_not_escaped_and_begin_no_header",
            f"{_ACCOUNTS}/test_expiring.py::test_a_name_with_line_ends_makes_no_header",
            "tests/iocmarket/audit/test_trail.py::test_the_export_is_a_table_in_which_nothing_is_a_formula",
        ),
        ("chat",),
    ),
    Row(
        "injection into an export format",
        "MISP NidsSuricataExport::urlRule, RPZ, EDL",
        (
            "tests/contract/test_formats.py::test_whatever_a_type_accepts_adds_only_its_own_lines",
            "tests/contract/test_formats.py::test_a_hostile_community_name_stays_in_its_comment",
            "tests/sharing/feeds/test_real_consumers.py::test_suricata_loads_exactly_one_rule_for_each_hostile_value",
            "tests/sharing/feeds/test_real_consumers.py::test_named_checkzone_says_nothing_but_ok_about_hostile_values",
        ),
    ),
    Row(
        "poisoning the community",
        "MISP 1838",
        (
            "tests/iocmarket/indicators/test_guard.py::test_what_a_member_owns_is_never_blocked",
            "tests/iocmarket/indicators/test_guard.py::test_nothing_that_python_calls_private_is_ever_allowed",
            "tests/contract/test_warninglists.py::test_public_resolvers_are_never_blocked",
            "tests/sharing/feeds/test_selection.py::test_assets_of_any_member_never_block_and_are_still_detected",
            f"{_ACCOUNTS}/test_assets.py::test_the_record_of_one_institution_proves_nothing_for_another",
            f"{_ACCOUNTS}/test_assets.py::test_verified_assets_of_two_institutions_never_overlap",
            f"{_VETTING}/test_vouching.py::test_an_institution_has_one_word",
        ),
        ("the cap on what one institution blocks",),
    ),
    Row(
        "default and weak secrets",
        "OpenCTI, MISP default administrators",
        (
            f"{_WEB}/test_deployment.py::test_each_careless_choice_is_named",
            "tests/test_containers.py::test_a_missing_secret_stops_the_start_instead_of_taking_a_default",
            f"{_ACCOUNTS}/test_community.py::test_a_weak_password_is_refused",
            f"{_ACCOUNTS}/test_passwords.py::test_what_many_take_first_is_refused",
            f"{_ACCOUNTS}/test_second_factor.py::test_default_and_weak_secrets_start_no_server",
            f"{_ACCOUNTS}/test_second_factor.py::test_there_is_no_account_that_nobody_made",
        ),
    ),
    Row(
        "exhaustion: searches, wildcards, depth, size",
        "MISP restSearch",
        (
            "tests/iocmarket/api/test_bodies.py::test_deep_nesting_is_refused_at_any_depth_at_once",
            "tests/iocmarket/api/test_bodies.py::test_a_large_hostile_body_is_answered_within_seconds",
            "tests/ingestion/readers/test_free_text.py::test_hostile_text_takes_linear_time",
            "tests/sharing/taxii/test_quota.py::test_the_number_of_objects_is_bounded_and_the_reason_has_the_figures",
            f"{_WEB}/test_throttles.py::test_a_machine_that_asks_too_often_is_told_how_long_to_wait",
            f"{_OUT}/test_client.py::test_a_slow_drip_ends_at_the_deadline",
        ),
    ),
    Row(
        "a record that can be altered",
        "house rule",
        (
            "tests/iocmarket/audit/test_journal.py::test_the_database_refuses_to_change_or_delete_an_event",
            "tests/iocmarket/audit/test_journal.py::test_the_event_of_a_token_holds_no_secret",
            "tests/iocmarket/audit/test_chain.py::test_tampering_with_the_database_is_found_where_it_was_done",
            "tests/iocmarket/audit/test_chain.py::test_a_deletion_before_the_seal_is_found",
            "tests/iocmarket/audit/test_chain.py::test_a_chain_that_was_written_anew_does_not_go_through_the_head_kept_elsewhere",
            "tests/iocmarket/audit/test_chain.py::test_the_database_refuses_to_change_or_delete_a_link",
        ),
    ),
    Row(
        "secrets in logs, error pages and letters",
        "house rule",
        (
            "tests/security/test_overheard.py::test_a_secret_in_a_line_is_heard",  # under which every test runs
            f"{_WEB}/test_redaction.py::test_every_line_of_the_program_goes_through_it",
            f"{_WEB}/test_redaction.py::test_the_secret_part_of_a_link_in_a_letter_is_cut",
            f"{_WEB}/test_redaction.py::test_gunicorn_writes_neither_keys_nor_queries",
            f"{_WEB}/test_errors.py::test_refused_and_senseless_requests_tell_no_detail",
            f"{_WEB}/test_mails.py::test_a_broker_that_is_away_disturbs_nobody_and_no_link_is_logged",
            "tests/sharing/feeds/test_doors.py::test_no_error_page_repeats_a_key",
            f"{_ACCOUNTS}/test_expiring.py::test_the_letter_says_which_and_where_and_holds_no_secret",
        ),
        ("metrics", "evidence"),
    ),
    Row(
        "somebody who is out is still in",
        "MISP c0f6463d5",
        (
            "tests/contract/test_out_everywhere.py::test_whoever_is_out_is_out_at_every_exit",
            "tests/contract/test_out_everywhere.py::test_a_running_taxii_paging_stops_and_goes_on_when_it_is_let_in_again",
            f"{_ACCOUNTS}/test_people.py::test_removal_ends_sessions_and_tokens_at_once_and_keeps_attribution",
            f"{_ACCOUNTS}/test_own_page.py::test_a_new_password_ends_the_other_sessions",
            f"{_ACCOUNTS}/test_partners.py::test_the_agreement_ends_by_itself_at_the_next_request",
            f"{_ACCOUNTS}/test_invitations.py::test_the_link_runs_out_after_seven_days",
            "tests/sharing/feeds/test_doors.py::test_a_key_is_over_at_its_next_request_and_looks_as_if_it_never_was",
        ),
    ),
    Row(
        "personal data kept for ever",
        "house rule",
        (
            "tests/contract/test_personal_data.py::test_every_model_with_personal_data_has_a_retention_or_a_reason",
            "tests/iocmarket/privacy/test_own_data.py::test_an_erased_person_is_nowhere_in_the_database",
            "tests/iocmarket/privacy/test_own_data.py::test_an_open_session_that_was_left_behind_takes_and_erases_nothing",
        ),
        ("stolen accounts", "evidence"),
    ),
)
