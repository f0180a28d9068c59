"""Who you are: accounts, sessions, API keys, signed identities. A plain library around SQLAlchemy; it knows no HTTP."""

from .core import Auth
from .identity import IdentityKeys
from .keys import is_well_formed
from .store import Store
from .tokens import DangerousSerializer, Tokens

__all__ = ["Auth", "DangerousSerializer", "IdentityKeys", "Store", "Tokens", "is_well_formed"]
