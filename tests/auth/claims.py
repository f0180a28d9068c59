"""Names of headers that somebody believes: what gateways, single sign-on and applications take for the word of a proxy.

Names are facts, gathered from the documentation of such products; claims.txt has single ones.
"""

import re
from pathlib import Path

# What stands behind a prefix, in families where a product sends one header for each claim.
CLAIMS = re.findall(r"\S+", "User Username User-Id Userid Name Email Mail Groups Group Roles Role Sub Subject Id")
FAMILIES = re.findall(
    r"\S+",
    """
Remote X-Remote X-Forwarded X-Auth X-Auth-Request X-Authenticated X-Authentik X-WebAuth X-Consumer
X-Token X-Claim X-Jwt-Claim X-Oidc X-Oidc-Claim Oidc-Claim X-Saml X-Shib Shib X-Sso X-Identity
X-Principal X-Proxy X-Pomerium-Claim X-Vouch-IdP-Claims X-Cognito X-Keycloak X-Goog-Authenticated
X-Ms-Client-Principal Cf-Access-Authenticated Tailscale-User X-User X-Current X-Account X-Original
X-Login X-Ldap X-Kerberos X-Openid X-Verified X-Trusted X-Gateway-User
""",
)
OTHERS = re.findall(r"^[\w-]+$", Path(__file__).with_suffix(".txt").read_text(), re.MULTILINE)
NAMES = sorted({f"{prefix}-{claim}" for prefix in FAMILIES for claim in CLAIMS} | set(OTHERS))

# Of those that identity.conf itself says, the client's word must not arrive either.
SAID_BY_US = ["X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP"]


def spellings(name: str) -> list[str]:
    """Return *name* as different clients write it; to HTTP they are all the same."""
    return [name, name.lower(), name.upper(), name.swapcase()]
