"""Sigma rules over the records of event logs: parsed by pySigma, evaluated here, in time linear in the text. Pure."""
