"""RPZ by zone transfer: one key per subscriber, served by a real name server that this app configures and feeds."""
