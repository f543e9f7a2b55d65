"""A way in for machines: what other servers (MISP, TAXII 2.1) hold is fetched at an interval and shared here."""
