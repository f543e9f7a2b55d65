"""How forms are drawn: every field of every form through templates/components/field.html, libraries' forms too."""

from __future__ import annotations

from django.forms.renderers import TemplatesSetting


class HouseRenderer(TemplatesSetting):
    """Names our templates; the setting FORM_RENDERER points here."""

    form_template_name = "components/form.html"
    field_template_name = "components/field.html"
