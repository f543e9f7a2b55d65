"""What the form of the first charter begins with: a draft to change, never one that holds by itself."""

DRAFT_FR = """# À quoi sert cette communauté

Des établissements habilités partagent ici des indicateurs de compromission pour se protéger les uns les autres.

# Ce à quoi chaque membre s’engage

- Respecter le TLP et le PAP de tout ce qui est lu ici, y compris hors de la plateforme.
- Ne partager que ce qu’il a le droit de partager, et retirer sans attendre ce qui se révèle faux.
- N’inviter que des personnes qui en ont besoin dans leurs fonctions, et fermer leur accès à leur départ.
- Ne se porter garant que de personnes connues, après avoir vérifié leur identité et leur fonction.
- Garder pour soi ses mots de passe et ses jetons, et signaler aussitôt leur perte.
- Ne jamais laisser un attaquant apprendre qu’il est repéré.

# Données personnelles

Les données personnelles partagées se limitent au nécessaire et sont effacées à l’échéance prévue.

# En cas de manquement

L’administration de la communauté peut suspendre une personne ou un établissement, en donnant le motif."""

DRAFT_EN = """# What this community is for

Vetted institutions share indicators of compromise here, to protect each other.

# What each member undertakes

- To respect the TLP and the PAP of everything read here, outside of the platform too.
- To share only what it has the right to share, and to withdraw without delay what proves wrong.
- To invite only people who need it for their work, and to close their access when they leave.
- To vouch only for people it knows, after having checked who they are and what they do.
- To keep passwords and tokens to itself, and to report their loss at once.
- Never to let an attacker learn that he was noticed.

# Personal data

The personal data that are shared are those that are needed, and they are erased at the time that was set.

# In case of a breach

The administrators of the community may suspend a person or an institution, and give the reason."""
