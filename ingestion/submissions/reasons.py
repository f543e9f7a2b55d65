"""Codes as people read them, in their language. The API keeps the codes and an English sentence (Refusal.detail)."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from iocmarket.kernel.decision import Refusal

REASONS: dict[str, Promise] = {
    "asn_too_large": _("The number is too large for an autonomous system."),
    "asn_zero": _("AS0 is no autonomous system."),
    "bad_a_label": _("Its international form (xn--) cannot be decoded."),
    "bad_local_part": _("What stands before the @ is no mailbox."),
    "bad_label": _("One part of the name is empty, too long or has a character that names cannot have."),
    "bad_netmask": _("The mask after the slash is none."),
    "bad_prefix_length": _("The prefix is impossible: at most /32 in IPv4, /128 in IPv6."),
    "code": _("It looks like program code."),
    "cve_year": _("No CVE number is of that year."),
    "conflicting_markings": _("It carries two markings that contradict each other."),
    "control_character": _("It contains control characters."),
    "credential": _("An account with its password: erased before anything was written."),
    "directory": _("It is a directory, without the name of a file."),
    "empty_host": _("There is no host between the slashes: write two."),
    "empty": _("There is nothing in it."),
    "file_name": _("It looks like a file name, not like a domain."),
    "hash_length": _("Not the length of a hash: MD5 has 32 characters, SHA-1 has 40, SHA-256 has 64, SHA-512 has 128."),
    "invalid_unicode": _("It contains broken characters."),
    "ipv4_mapped": _("It is an IPv4 address in the clothes of IPv6: send it as IPv4."),
    "is_url": _("It is a URL, not a name."),
    "leading_zero": _("A number starts with a zero: some programs would read another address."),
    "loopback": _("The loopback address means the machine on which it is read."),
    "no_indicator": _("No indicator in this line."),
    "not_a_cve": _("It is no CVE number, such as CVE-2024-3400."),
    "not_a_name": _("It is not a domain name."),
    "not_a_network": _("It is not a network."),
    "not_a_url": _("It is not a URL."),
    "not_an_asn": _("It is no autonomous system, such as AS64496."),
    "not_allocated": _("This address is given to nobody."),
    "not_an_email": _("It is not an e-mail address."),
    "not_hexadecimal": _("A hash has only digits and the letters a to f."),
    "not_ipv4": _("It is not an IPv4 address."),
    "not_ipv6": _("It is not an IPv6 address."),
    "not_one_network": _("The range is not one network: send its networks one by one."),
    "not_stated": _("Say what it is: “filename: …”, “ja3: …”."),
    "nul_character": _("It contains a NUL character."),
    "null_hash": _("A hash of zeros means that there was no file."),
    "older_version": _("A newer version of it stands in the same bundle."),
    "onion_service": _("It is an onion service: give its name as onion, or a URL."),
    "octet_too_large": _("A number of the address is larger than 255."),
    "pattern_not_simple": _("Its pattern is more than values joined by OR or AND."),
    "pattern_property": _("Its pattern names a property of which no values are shared here."),
    "pattern_too_long": _("Its pattern is too long."),
    "pattern_too_many_values": _("Its pattern has more than 100 values."),
    "pattern_type": _("The language of its pattern is not read here: it is stored, not shared."),
    "bad_port": _("The port is none: they go from 1 to 65535."),
    "bad_rule": _("The rule cannot be read."),
    "iban_checksum": _("The check digits of the account are wrong."),
    "no_interface": _("This MAC address is that of no interface."),
    "not_a_ja4": _("It is no JA4."),
    "not_a_mac": _("It is no MAC address."),
    "not_a_message_id": _("It is no Message-ID."),
    "not_a_path": _("It is no path: there is no directory in it."),
    "not_a_phone": _("It is no telephone number."),
    "not_a_pipe": _("It is no named pipe."),
    "not_a_regkey": _("It is no registry key: it begins with no hive."),
    "not_a_regvalue": _("It is no registry value: write the key, a bar and the data."),
    "not_a_wallet": _("It is no wallet of this currency."),
    "not_an_app": _("It is no identifier of an app."),
    "not_an_endpoint": _("It is no address or name with a port."),
    "not_an_extension": _("It is no identifier of a browser extension."),
    "not_an_iban": _("It is no IBAN."),
    "not_an_onion": _("It is no name of an onion service."),
    "not_ssdeep": _("It is no ssdeep hash."),
    "not_tlsh": _("It is no TLSH."),
    "onion_checksum": _("The checksum of the onion service is wrong: a letter was lost or changed."),
    "onion_v2": _("Onion services of 16 letters exist no more."),
    "wallet_checksum": _("The checksum of the wallet is wrong: a letter was lost or changed."),
    "public_suffix": _("It is a public suffix: everybody is registered under it."),
    "reserved_name": _("The name is reserved for examples and tests."),
    "revoked": _("Its author has revoked it."),
    "said_harmless": _("The text says that it is harmless."),
    "scheme": _("URLs of this kind are not shared."),
    "sentence": _("It looks like the end of a sentence, not like a domain."),
    "side_unknown": _(
        "Both addresses are of the Internet: have your networks verified, so that yours is told from it."
    ),
    "single_address": _("The network is one address: send it as an address."),
    "single_label": _("A single word is not a domain."),
    "spec_version": _("It is not written in STIX 2.0 or 2.1."),
    "too_long": _("It is too long."),
    "title_missing": _("The report has no name."),
    "too_wide": _("The network is too wide to be an indicator."),
    "unknown_marking": _("It carries a marking that is not known here."),
    "unknown_tld": _("Its last part is no existing top-level domain."),
    "unknown_type": _("The type is unknown."),
    "unspecified": _("The address means “no address”."),
    "wildcard": _("A file name has no wildcard: send each name that was seen."),
    "zone_index": _("The address names an interface of one machine."),
    # What was said of it, line by line in a table.
    "bad_confidence": _("Confidence is a whole number from 0 to 100."),
    "bad_date": _("A date in it cannot be read: write it as 2027-01-31."),
    "bad_tag": _("One of its tags has characters that cannot be printed."),
    "circle_missing": _("Choose the circle."),
    "circle_without_audience": _("A circle is named, but the audience is another one."),
    "dates_out_of_order": _("It was last seen before it was first seen."),
    "duplicate_name": _("A name stands twice in it."),
    "in_the_future": _("It was seen at a moment that is still to come."),
    "in_the_past": _("Its validity ends in the past."),
    "label_in_tag": _("One of its tags is a marking: give it as TLP or PAP."),
    "lone_surrogate": _("It contains broken characters."),
    "not_a_flag": _("Something in it is neither true nor false."),
    "not_a_list": _("Something in it should be a list."),
    "not_an_object": _("The line is no JSON object."),
    "not_json": _("The line is no JSON."),
    "not_text": _("Something in it should be a text."),
    "recipients_missing": _("Choose at least one institution."),
    "recipients_without_audience": _("Institutions are chosen, but the recipients are others."),
    "red_in_long": _("TLP:RED is told in at most 500 indicators at once."),
    "red_names_persons": _("TLP:RED is for persons: name members by their e-mail address."),
    "red_needs_a_person": _("TLP:RED is said by a person, not by a token."),
    "too_many": _("A list in it is too long."),
    "too_many_cells": _("The line has more cells than the heading."),
    "unknown_audience": _("This audience does not exist."),
    "unknown_circle": _("You are in no circle of that name."),
    "unknown_field": _("It says something that is not known here."),
    "unknown_member": _("One of the addresses is not that of a member."),
    "unknown_pap": _("This PAP does not exist."),
    "unknown_recipient": _("One of the chosen institutions is no member any more."),
    "unknown_threat_type": _("This threat does not exist."),
    "unknown_tlp": _("This TLP does not exist."),
    "value_missing": _("There is no value in this line."),
    "value_too_long": _("It is too long."),
}
"""Why a line is refused."""

FAULTS: dict[str, Promise] = {
    "circle_missing": _("Choose the circle."),
    "circle_without_audience": _("A circle is named, but the audience is another one."),
    "red_names_persons": _("TLP:RED is for persons: name members by their e-mail address."),
    "red_needs_a_person": _("TLP:RED is said by a person, not by a token."),
    "line_too_long": _("The line is too long."),
    "nul_character": _("The text contains a NUL character."),
    "recipients_missing": _("Choose at least one institution."),
    "recipients_without_audience": _("Institutions are chosen, but the recipients are others."),
    "unknown_circle": _("You are in no circle of that name."),
    "unknown_member": _("One of the addresses is not that of a member."),
    "bad_columns": _("What its columns are for cannot be read."),
    "bad_csv": _("The table cannot be read."),
    "body_too_large": _("The file is larger than 64 MiB."),
    "duplicate_column": _("Two columns of the table mean the same."),
    "no_value_column": _("No column of the table is known to hold the values: name it “value”."),
    "not_a_bundle": _("It is no STIX bundle with a list of objects."),
    "not_a_form": _("It is no form with an address in its field “ip”."),
    "not_an_event": _("It is no MISP event."),
    "not_an_openioc": _("It is no OpenIOC document."),
    "not_xml": _("The document is no XML."),
    "not_text": _("The file is no text."),
    "not_xlsx": _("The spreadsheet cannot be read."),
    "publication_behind": _("Too much is waiting to be published: try again in a minute."),
    "queue_full": _("Too much is waiting already: try again in a few minutes."),
    "too_long": _("The text is too long."),
    "too_many_alerts": _("There are more than 10,000 alerts: share them in parts."),
    "mail_unreadable": _("The mail cannot be taken apart."),
    "too_many_attached": _("More than 20 things are attached: forward them in several mails."),
    "too_many_items": _("There are more than 100,000 indicators: share them in parts."),
    "too_much_waiting": _("Your institution has much waiting already: try again in a minute."),
    "unknown_column": _("A column of the table is not known and may limit the sharing: name it."),
    "zip_bomb": _("The file would unpack to more than is read."),
    "worker_absent": _("Long lists cannot be taken at the moment: try again in a minute."),
    "unknown_pap": _("This PAP does not exist."),
    "unknown_recipient": _("One of the chosen institutions is no member any more."),
    "unknown_tlp": _("This TLP does not exist."),
    "xml_entities": _("The document declares entities of its own: none are allowed."),
    "xml_too_large": _("The document has too many elements, is nested too deep or has an element that is too long."),
}
"""Why a whole sending cannot be taken."""

WARNINGS: dict[str, Promise] = {
    "anonymous_among_few": _("Not named, but among so few institutions that yours can be guessed."),
    "audience_kept": _("You share it already with others: that audience is kept."),
    "benchmark_range": _("Address of the test ranges: visible, never blocked."),
    "distribution_own": _("Its distribution is its own organisation, or a group without a name: kept to yours."),
    "documentation_asn": _("Number kept for documentation."),
    "documentation_name": _("Name kept for documentation: visible, never blocked."),
    "documentation_range": _("Address of the documentation: visible, never blocked."),
    "empty_input_hash": _("Hash of an empty file: it matches everywhere."),
    "host_bits_cleared": _("Read as the network that contains it."),
    "invisible_characters": _("It contains characters that cannot be seen; here they are spelt out."),
    "kept_to_own": _("It names another originator: kept to your institution."),
    "link_local": _("Link-local address: visible, never blocked."),
    "marking_in_line": _("The text itself says with which marking."),
    "listed_confirm": _("It stands on a warning list of values that are mostly harmless: check that it is meant."),
    "listed_info": _("It stands on a warning list, for information."),
    "listed_never_blocked": _("It stands on a warning list of what must keep working: visible, never blocked."),
    "marking_kept": _("You share it already with another marking: the marking is kept."),
    "member_asset": _("It belongs to a member institution, or blocking it would block one: visible, not blocked."),
    "multicast": _("Multicast address: visible, never blocked."),
    "other_root": _("Name of another root than that of the Internet: most resolvers do not know it."),
    "part_of_pattern": _("Its author names it together with other conditions."),
    "port_dropped": _("The port is left out."),
    "private_address": _("Private address: visible, never blocked."),
    "private_asn": _("Private number: another network may have the same."),
    "private_suffix": _("Shared hosting: others live under this name."),
    "repeated": _("It stands in this text several times."),
    "reserved_asn": _("Reserved number: no network has it."),
    "reserved_address": _("Reserved address: visible, never blocked."),
    "scheme_assumed": _("Read as http://."),
    "shared_address": _("Address shared by an operator's customers: visible, never blocked."),
}
# What a sender should look at before sharing; the other warnings say what happens anyway.
SERIOUS = frozenset(WARNINGS) - {
    "audience_kept", "host_bits_cleared", "marking_in_line", "marking_kept", "port_dropped", "repeated",
    "scheme_assumed",
}  # fmt: skip


FAILURES: dict[str, Promise] = {
    "part_failed": _(
        "A part of it could not be taken, after several attempts. The lines below are shared; send the rest again."
    ),
    "sender_gone": _("The sender is not let in any more. What was not taken until then is not shared."),
    "taken_back": _("It was taken back before its end."),
    "too_many_items": _("There are more than 100,000 indicators: share them in parts."),
}
"""Why a long submission ended before its end."""


def failure_of(code: str) -> str:
    """Why a long submission failed, as a sentence; empty for one that did not."""
    if not code:
        return ""
    return str(FAILURES.get(code) or FAULTS.get(code) or FAILURES["part_failed"])


def fault_of(refusal: Refusal) -> str:
    """One fault of a whole sending as a sentence: its place where it has one, then what is wrong."""
    said = str(FAULTS.get(refusal.code) or REASONS.get(refusal.code) or refusal.detail)
    kind, _space, number = refusal.where.partition(" ")
    if kind == "line" and number.isdigit():
        return gettext("Line %(number)s: %(fault)s") % {"number": number, "fault": said}
    return said
