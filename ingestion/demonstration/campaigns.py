"""What happened: the campaigns of the last sixty days, as the institutions that met them would tell it."""

from __future__ import annotations

from dataclasses import dataclass

from iocmarket.indicators.threats import ThreatType


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """One story: who met it, when (days before now), what was seen and what was said.

    `tlp`/`pap` mark most of its statements; `report` is False for daily finds that need no story of their own.
    `draws` are (kind of values.Draw, how many); `comments` are (class of value or `any`, text), see story.CLASSES;
    `echoes` are institutions that met some of it too.
    """

    house: str
    title: str
    description: str
    threat: ThreatType
    tags: tuple[str, ...]
    tlp: str = "AMBER"
    pap: str = "GREEN"
    begins: float
    lasts: float
    draws: tuple[tuple[str, int], ...]
    words: tuple[str, ...]
    comments: tuple[tuple[str, str], ...]
    echoes: tuple[str, ...] = ()
    report: bool = True


CAMPAIGNS = (
    Campaign(
        house="valbrune",
        title="Faux portail CAS « mise à jour du compte »",
        description="Vague de mails envoyés depuis une boîte compromise, renvoyant vers des copies de notre page CAS."
        " Les identifiants saisis sont rejoués dans l'heure depuis des sorties Tor. Pensez à chercher les POST vers ces"
        " domaines dans les journaux du proxy.",
        threat=ThreatType.PHISHING,
        tags=("attack:T1566.002", "attack:T1078"),
        begins=24,
        lasts=12,
        draws=(("domain", 26), ("url", 34), ("tor", 10), ("email", 8)),
        words=("univ-valbrune", "inp-meriane", "haute-ardoise", "etudiants"),
        comments=(
            (
                "name",
                "Copie de la page CAS, logo à jour. Deux personnels ont saisi leur mot de passe, comptes bloqués.",
            ),
            ("name", "Lien reçu par 38 étudiants ce matin, bloqué au proxy."),
            ("name", "Même kit que la semaine dernière, seul le domaine change."),
            ("name", "Signalé par un doctorant. Certificat Let's Encrypt de la nuit."),
            ("net", "Sert à rejouer les identifiants volés, une heure après la saisie."),
            ("mail", "Expéditeur de la vague, boîte compromise dans un lycée."),
        ),
        echoes=("meriane", "ardoise"),
    ),
    Campaign(
        house="meriane",
        title="Arnaque « mobilité RH et prime de transport »",
        description="Mails au nom de la DRH demandant un RIB pour verser une prime. Le changement de coordonnées"
        " bancaires est ensuite demandé par téléphone. Prévenir les gestionnaires de paie.",
        threat=ThreatType.SCAM,
        tags=("attack:T1566.002", "attack:T1534"),
        begins=41,
        lasts=15,
        draws=(("domain", 12), ("url", 18), ("email", 16)),
        words=("prime-transport", "mobilite-rh", "inp-meriane", "paie-agents"),
        comments=(
            ("mail", "Adresse d'expédition usurpant la DRH, reçue par le service paie."),
            ("name", "Formulaire demandant RIB et pièce d'identité."),
            ("any", "Relance de la même arnaque, le texte est mieux écrit cette fois."),
        ),
        echoes=("valbrune",),
    ),
    Campaign(
        house="ardoise",
        title="Vague d'infostealers : faux installateurs de logiciels",
        description="Postes personnels d'étudiants infectés par de faux installateurs (lecteur PDF, client VPN)."
        " Les mots de passe enregistrés dans le navigateur partent en quelques minutes.",
        threat=ThreatType.INFOSTEALER,
        tags=("attack:T1555.003", "attack:T1204.002"),
        tlp="GREEN",
        begins=33,
        lasts=20,
        draws=(("sha256", 22), ("sha1", 10), ("md5", 12), ("domain", 10), ("ipv4", 10)),
        words=("telechargement-client", "lecteur-pdf", "faux-installateur"),
        comments=(
            ("file", "Archive protégée par mot de passe, exécutable signé avec un certificat volé."),
            ("file", "Échantillon transmis par le CERT régional, vu sur deux portables."),
            ("file", "Condensat relevé par l'EDR, exécution bloquée."),
            ("name", "Site de téléchargement copié sur celui de l'éditeur."),
            ("net", "Serveur qui reçoit les mots de passe volés."),
        ),
        echoes=("valbrune", "meriane"),
    ),
    Campaign(
        house="valbrune",
        title="Force brute SSH sur les serveurs de calcul",
        description="Essais répétés sur les frontales du mésocentre, comptes génériques puis noms réels.",
        threat=ThreatType.BRUTE_FORCE,
        tags=("attack:T1110.001", "attack:T1021.004"),
        tlp="CLEAR",
        pap="CLEAR",
        begins=58,
        lasts=57.8,
        draws=(("tor", 34), ("cidr", 6), ("ipv6", 6)),
        words=("ssh",),
        comments=(
            ("net", "Plus de 2 000 essais en une heure, banni par fail2ban."),
            ("net", "Essaie root, oracle, postgres puis des noms d'utilisateurs réels."),
            ("net", "Revient chaque nuit entre 2 h et 4 h."),
        ),
        echoes=("meriane", "ardoise"),
    ),
    Campaign(
        house="meriane",
        title="Exploitation du serveur Exchange",
        description="Tentatives d'exploitation suivies du dépôt d'un webshell sur un serveur de test non corrigé."
        " Serveur isolé, analyse en cours. Ne pas interroger ces adresses depuis vos réseaux.",
        threat=ThreatType.EXPLOITATION,
        tags=("attack:T1190", "attack:T1505.003"),
        tlp="AMBER+STRICT",
        pap="AMBER",
        begins=12,
        lasts=5,
        draws=(("ipv4", 18), ("tor", 6), ("sha256", 8), ("url", 6)),
        words=("owa-autodiscover", "inp-meriane"),
        comments=(
            ("net", "Requêtes autodiscover anormales, webshell déposé dans la foulée."),
            ("file", "Condensat du fichier .aspx retrouvé sur le serveur."),
            ("net", "Même source que les essais de la veille."),
            ("name", "Adresse appelée par le webshell pour récupérer la suite."),
        ),
        echoes=("ardoise",),
    ),
    Campaign(
        house="ardoise",
        title="Balayage des passerelles VPN",
        description="Balayage lent du port 443 des passerelles, recherche de versions vulnérables.",
        threat=ThreatType.SCAN,
        tags=("attack:T1595.002",),
        tlp="GREEN",
        pap="CLEAR",
        begins=50,
        lasts=48,
        draws=(("ipv4", 24), ("ipv6", 10), ("cidr", 5)),
        words=("scan",),
        comments=(
            ("net", "Vu par le pot de miel, 12 ports essayés."),
            ("net", "Balayage lent, une requête par minute depuis trois jours."),
            ("net", "Recherche de la page /remote/login."),
        ),
        echoes=("valbrune",),
        report=False,
    ),
    Campaign(
        house="ardoise",
        title="Rançongiciel « Brumaire » : serveur de fichiers chiffré",
        description="Intrusion par un compte VPN sans double authentification, chiffrement dans la nuit du samedi."
        " Enquête judiciaire en cours : aucune action visible de l'attaquant, merci.",
        threat=ThreatType.RANSOMWARE,
        tags=("attack:T1486", "attack:T1133"),
        tlp="AMBER+STRICT",
        pap="RED",
        begins=8,
        lasts=4,
        draws=(("sha256", 10), ("domain", 5), ("ipv4", 6)),
        words=("sauvegarde-relais", "brumaire"),
        comments=(
            ("file", "Chargeur retrouvé dans C:\\ProgramData, déclenché par tâche planifiée."),
            ("net", "Relevé sur le contrôleur touché, contact toutes les 90 secondes."),
            ("name", "Ne pas résoudre ni bloquer sans nous en parler : enquête en cours."),
        ),
    ),
    Campaign(
        house="valbrune",
        title="Connexions depuis des VPN grand public",
        description="Connexions CAS réussies depuis des VPN commerciaux sur des comptes dont le mot de passe a fuité.",
        threat=ThreatType.SUSPICIOUS_VPN,
        tags=("attack:T1078", "attack:T1090.003"),
        begins=30,
        lasts=29.5,
        draws=(("tor", 18), ("ipv4", 10), ("cidr", 4)),
        words=("vpn",),
        comments=(
            ("net", "Connexion réussie 4 minutes après une connexion depuis la France."),
            ("net", "Sortie Tor, trois comptes différents en une heure."),
            ("net", "À surveiller plutôt qu'à bloquer : des étudiants à l'étranger l'utilisent aussi."),
        ),
        echoes=("ardoise",),
        report=False,
    ),
    Campaign(
        house="meriane",
        title="Réseau de machines zombies « Cigale »",
        description="Postes de salles de TP contactant des relais de commande, infection par clé USB.",
        threat=ThreatType.C2,
        tags=("attack:T1071.001", "attack:T1091"),
        pap="AMBER",
        begins=19,
        lasts=14,
        draws=(("ipv4", 16), ("domain", 14), ("sha256", 6), ("md5", 6)),
        words=("cigale-relais", "mise-en-cache", "statistiques-usage"),
        comments=(
            ("net", "Relais contacté par quatre postes de la salle B112."),
            ("name", "Domaine trouvé dans la configuration de l'échantillon."),
            ("net", "Trafic HTTPS régulier, certificat autosigné."),
            ("file", "Échantillon trouvé sur la clé USB d'un enseignant."),
        ),
        echoes=("valbrune",),
    ),
    Campaign(
        house="valbrune",
        title="Pourriels « colloque payant » et revues prédatrices",
        description="Expéditeurs de pourriels vers les enseignants-chercheurs.",
        threat=ThreatType.SPAM,
        tags=("attack:T1566",),
        tlp="CLEAR",
        pap="CLEAR",
        begins=55,
        lasts=53,
        draws=(("email", 20), ("domain", 8)),
        words=("colloque-international", "revue-sciences", "appel-a-communications"),
        comments=(
            ("any", "Passe au travers des deux antispams."),
            ("any", "Reçu par 5 à 120 personnes selon les jours."),
        ),
        report=False,
    ),
    Campaign(
        house="ardoise",
        title="Déni de service sur le portail des inscriptions",
        description="Requêtes en rafale le jour d'ouverture des inscriptions, environ 40 minutes de coupure.",
        threat=ThreatType.DDOS,
        tags=("attack:T1498",),
        tlp="GREEN",
        begins=16,
        lasts=0.4,
        draws=(("ipv4", 14), ("ipv6", 12), ("tor", 8)),
        words=("inscriptions",),
        comments=(
            ("net", "Plus de 300 requêtes par seconde sur /inscription."),
            ("net", "Source de la seconde vague."),
        ),
    ),
    Campaign(
        house="meriane",
        title="Comptes compromis servant de relais de courrier",
        description="Comptes volés qui envoient l'hameçonnage suivant : cherchez ces sources dans les journaux SMTP.",
        threat=ThreatType.ACCOUNT_COMPROMISE,
        tags=("attack:T1078.004", "attack:T1114.003"),
        begins=5,
        lasts=4.9,
        draws=(("tor", 14), ("ipv4", 8), ("url", 8), ("email", 6)),
        words=("webmail-relais", "inp-meriane"),
        comments=(
            ("net", "A envoyé 1 400 messages en vingt minutes avant blocage."),
            ("net", "Règle de transfert créée juste après la connexion."),
            ("mail", "Compte d'un retraité, réactivé par erreur."),
            ("name", "Lien contenu dans les messages envoyés par les comptes volés."),
        ),
        echoes=("valbrune", "ardoise"),
    ),
    Campaign(
        house="ardoise",
        title="Chargeurs distribués par de faux sites de cours",
        description="Faux sites de supports de cours qui livrent un chargeur en JavaScript.",
        threat=ThreatType.DROPPER,
        tags=("attack:T1189", "attack:T1059.007"),
        begins=2.5,
        lasts=2.4,
        draws=(("url", 16), ("domain", 8), ("sha1", 6), ("sha256", 8)),
        words=("annales-corriges", "supports-cours", "memoire-gratuit"),
        comments=(
            ("name", "Page trouvée par recherche d'annales, télécharge un .js."),
            ("name", "Étape suivante chargée depuis le même domaine."),
            ("any", "Vu ce jour, pas encore détecté par l'antivirus."),
            ("file", "Chargeur en JavaScript, nommé comme un sujet d'examen."),
        ),
        echoes=("meriane",),
    ),
)
