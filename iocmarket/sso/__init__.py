"""Log-in through the identity providers of an education federation: OpenID Connect and SAML (docs/federation.md).

A person is known by (issuer, subject) and by nothing else. What a provider says of an e-mail address never opens an
account that exists, and no provider moves a member, changes a role or lets anybody in again.
"""
