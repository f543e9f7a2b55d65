"""A way in for people: a member forwards a suspicious mail to an address of the platform, and is answered."""
