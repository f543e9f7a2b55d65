"""Who did what, when: events inserted in the acting transaction and never changed."""
