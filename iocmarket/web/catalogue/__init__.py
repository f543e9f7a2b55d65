"""Catalogues of translations without outside programs: a bare machine has no msgfmt and no xgettext.

Formats: GNU gettext manual, sections "The Format of PO Files" and "The Format of GNU MO Files".
"""
