"""The MISP-compatible server: what members' MISP, Elastic, Sentinel, Splunk and scripts over PyMISP speak."""
