"""Who you are: accounts, sessions, API keys, signed identities. A plain library around SQLAlchemy; it knows no HTTP."""

from .core import Auth
from .credentials.keys import is_well_formed
from .signing.identity import IdentityKeys
from .signing.tokens import DangerousSerializer, Tokens
from .storage.store import Store

__all__ = ["Auth", "DangerousSerializer", "IdentityKeys", "Store", "Tokens", "is_well_formed"]
