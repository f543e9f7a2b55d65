"""Headings of tables as people and tools write them, in English and French, and what each column is for. Pure.

A column has a *role*, a word:

* `value` holds the values of which the column with the role `type` tells the type; `value:any` holds values whose types
  they tell themselves, `value:sha256` such of one type. Each value of a line is an item.
* A field of the API (`tlp`, `comment`, `first_seen`, …); `note` is a comment that needs its heading before it;
  `marking` says TLP and PAP in one cell.
* Nothing: the column is passed over.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from iocmarket.indicators.types.base import ioc_types

VALUE, ANY = "value", "value:any"
PASSED = ""
UNKNOWN = "?"
"""No role: a column of which nothing is known; passed over unless it may be meant to say who may read the line."""
JOINED = frozenset({"comment", "note", "tags"})
"""Roles that several columns may have; their contents are joined."""
FIELDS = (
    "type", "tlp", "pap", "marking", "threat_type", "confidence", "audience", "recipients", "circle", "first_seen",
    "last_seen", "valid_until", "comment", "note", "tags", "anonymous", "subtree",
)  # fmt: skip
_EDGES = re.compile(r"[\s_\-./:()\[\]]+")
_OURS = ("#", "_")

# Values when the table has no others: beside a column of values these are mostly of whoever was attacked, or tells.
_LATE = """ip_dst dst_ip dest_ip destination_ip ip_destination host hosts hote hotes email_address email_addresses
    email e_mail mail mails courriel courriels adresse_mail adresse_email adresse_e_mail adresse_courriel from"""
_LAST_RESORT = frozenset(_LATE.split())
# Folded (see `folded`), by role.
_WORDS = {
    VALUE: """value values ioc iocs ioc_value ioc_ioc indicator indicators indicator_value indicateur indicateurs
        observable observables observable_value valeur valeurs valeur_ioc valeur_de_l_ioc indicateur_de_compromission
        indicateurs_de_compromission indicator_of_compromise indicators_of_compromise artifact artefact artefacts
        element attribute_value entry signature_value""",
    ANY: """ip ips ip_address ip_addresses ipaddress ip_addr adresse_ip adresses_ip adresse_ips ip_src src_ip
        source_ip ip_source c2_ip ip_c2 remote_ip ip_malveillante
        malicious_ip attacker_ip ip_attaquant ip_attaquante c2 c2s hash hashes empreinte empreintes condensat file_hash
        filehash hash_value hash_fichier hash_du_fichier ioc_ip ip_port ip_domain ip_ou_domaine
        domain_ip sender expediteur from_address email_src email_from cve cves cve_id
        vulnerability vulnerabilite subnet network reseau netblock cidr ip_range plage_ip plage asn""",
    "value:domain": """domain domains domaine domaines domain_name domain_names nom_de_domaine noms_de_domaine fqdn
        hostname hostnames nom_d_hote nom_hote dns dns_name malicious_domain domaine_malveillant c2_domain ioc_domain
        rogue_domain""",
    "value:url": """url urls uri uris url_malveillante malicious_url phishing_url url_phishing c2_url ioc_url
        adresse_url lien_malveillant url_de_phishing url_hameconnage""",
    "value:md5": "md5 md5_hash hash_md5 md5sum filehash_md5 file_md5 md5_digest",
    "value:sha1": "sha1 sha_1 sha1_hash hash_sha1 sha1sum filehash_sha1 file_sha1",
    "value:sha256": "sha256 sha_256 sha256_hash hash_sha256 sha256sum filehash_sha256 file_sha256",
    "value:sha512": "sha512 sha_512 sha512_hash hash_sha512 sha512sum",
    "value:imphash": "imphash",
    "value:ssdeep": "ssdeep",
    "value:tlsh": "tlsh",
    "value:ja3": "ja3 ja3_hash ja3_fingerprint",
    "value:x509-sha1": "ssl_sha1 certificate_sha1 cert_sha1 sha1_certificat",
    "type": """type types ioc_type type_ioc type_d_ioc type_de_l_ioc type_indicateur type_d_indicateur indicator_type
        observable_type type_observable value_type data_type attribute_type kind artifact_type""",
    "tlp": "tlp marquage_tlp tlp_marking tlp_color tlp_level couleur_tlp niveau_tlp",
    "pap": "pap marquage_pap pap_marking pap_color pap_level couleur_pap niveau_pap",
    "marking": "marking markings marquage marquages tlp_pap tlp_et_pap tlp_and_pap",
    "threat_type": """threat_type threat_types threat threats menace menaces type_de_menace type_menace type_d_attaque
        attack_type attack category categorie categories kill_chain""",
    "confidence": "confidence confiance confidence_level niveau_de_confiance confidence_score fiabilite",
    "audience": "audience",
    "recipients": "recipients destinataires",
    "circle": "circle cercle",
    "first_seen": """first_seen firstseen first_seen_utc first_seen_at premiere_vue premiere_observation
        vu_la_premiere_fois vu_premiere_fois premiere_apparition debut date dates date_added dateadded added date_ajout
        date_d_ajout valid_from seen seen_at observed observed_at first_observed timestamp created created_at
        date_de_detection detected detected_at date_detection date_observation date_d_observation vu_le detecte_le""",
    "last_seen": """last_seen lastseen last_seen_utc last_seen_at derniere_vue derniere_observation last_online
        vu_la_derniere_fois vu_derniere_fois derniere_apparition fin last_observed""",
    "valid_until": """valid_until valid_to expires expires_at expiration expiration_date expire_le valable_jusqu_au
        valide_jusqu_au date_expiration date_d_expiration""",
    "comment": """comment comments commentaire commentaires description descriptions remarque remarques remark remarks
        note notes detail details context contexte observation observations message info information
        informations usage role notes_complementaires""",
    "note": "port ports dst_port dest_port port_destination",
    "tags": """tags tag etiquettes etiquette labels label mots_cles keywords malware malware_family malware_printable
        malware_name malware_alias family famille famille_de_malware campaign campagne actor threat_actor acteur
        threat_name threat_label nom_de_la_menace signature""",
    "anonymous": "anonymous anonyme",
    "subtree": "subtree sous_domaines sous_noms",
    # Known, and nothing to be kept: what tables of tools (our own feeds too) tell of themselves.
    PASSED: """id ids ioc_id uuid event_id no numero num index row ligne ref reference references lien liens link links
        source sources reporter reported_by origine origin score institutions url_status urlhaus_link malware_malpedia
        country pays country_code asn_name as_name domain_creation tld registrar""",
}  # fmt: skip
_ROLES = {heading: role for role, headings in _WORDS.items() for heading in headings.split()}
# To lose such a column would change who may read, or for how long: what looks like one is never passed over.
_GUARDED = tuple(
    heading
    for role in ("tlp", "pap", "marking", "audience", "recipients", "circle", "anonymous", "valid_until", "subtree",
                 "confidence", "threat_type")
    for heading in _WORDS[role].split()
)  # fmt: skip
_LIMITS = re.compile(
    r"(?:^|_)(?:tlp|pap|diffusion|distribution|restrictions?|restreinte?|confidentialite|confidentiality|confidentiel|"
    r"confidential|classification|sharing|partage|handling|secret|sensitivity|sensibilite|public|prive|private)(?:_|$)"
)
_SHORT = 5
"""Up to so many letters, a name one letter away is near; longer ones may differ by two."""


def folded(title: str) -> str:
    """A heading in lower case, without accents, words joined by underscores."""
    plain = unicodedata.normalize("NFD", title.strip().lower().replace("'", " ").replace("’", " "))
    plain = "".join(character for character in plain if not unicodedata.combining(character))
    return _EDGES.sub("_", plain).strip("_")


def roles_of(titles: Sequence[str]) -> tuple[str, ...]:
    """What each column of a table with these headings is for."""
    roles = tuple(map(role_of, titles))
    last = [folded(title) in _LAST_RESORT for title in titles]
    alone = not any(map(holds_values, roles))
    return tuple((ANY if alone else PASSED) if late else role for role, late in zip(roles, last, strict=True))


def role_of(title: str) -> str:
    """What a column of that heading is for; UNKNOWN for a heading that is not known."""
    bare = title.strip()
    if not bare or bare.startswith(_OURS):
        return PASSED
    name = folded(bare)
    if name in _LAST_RESORT:
        return PASSED
    found = _ROLES.get(name)
    if found is None:
        found = f"value:{name}" if name in ioc_types else UNKNOWN
    return found


def is_known(title: str) -> bool:
    """Whether a heading is one of those above, or the name of a type."""
    return bool(title.strip()) and not title.strip().startswith(_OURS) and role_of(title) != UNKNOWN


def is_role(word: str) -> bool:
    """Whether a word is a role."""
    kind = word.partition(":")[2]
    return word in {PASSED, VALUE, ANY, *FIELDS} or (word.startswith("value:") and kind in ioc_types)


def holds_values(role: str) -> bool:
    """Whether a column of that role holds values."""
    return role == VALUE or role.startswith("value:")


def may_limit(title: str) -> bool:
    """Whether an unknown heading may be a slip for one that must not be lost, or says that it limits the sharing."""
    name = folded(title)
    return _LIMITS.search(name) is not None or any(_near(name, known) for known in _GUARDED)


def _near(one: str, other: str) -> bool:
    most = 1 if min(len(one), len(other)) <= _SHORT else 2
    if abs(len(one) - len(other)) > most or min(len(one), len(other)) < 3:
        return False
    return (one[0] == other[0] or one[-1] == other[-1]) and _distance(one, other, most) <= most


def _distance(one: str, other: str, most: int) -> int:
    """Changes of one letter that make one word the other (Levenshtein), two neighbours swapped counting as one."""
    above: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, start=1):
        before, above, row = above, row, [i]
        for j, sign in enumerate(other, start=1):
            cost = min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (letter != sign))
            if before and j > 1 and letter == other[j - 2] and one[i - 2] == sign:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
    return row[-1]
