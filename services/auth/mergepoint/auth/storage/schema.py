"""The tables. Secrets of users are hashed or sealed; the keys that sign are in files, not in the database.

Times are seconds since 1970 as floating-point numbers, so that a test's clock may start at 0.
"""

from sqlalchemy import Boolean, Column, Float, ForeignKey, Index, Integer, LargeBinary, MetaData, String, Table, Text

metadata = MetaData()


def _owner() -> Column[int]:
    return Column("user_id", Integer, ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True)


users = Table(
    "users",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(64), nullable=False),
    Column("name_key", String(256), nullable=False, unique=True),  # canonical, see names.py
    Column("email", String(254)),
    Column("email_key", String(1024), unique=True),
    Column("email_proven", Boolean, nullable=False, default=False),
    Column("picture", String(1000)),  # the address that an avatar is made from
    Column("password", String(256)),  # argon2's own format; without one there is no login by password
    Column("admin", Boolean, nullable=False, default=False),
    Column("disabled", Boolean, nullable=False, default=False),
    Column("totp", LargeBinary),  # sealed
    Column("totp_step", Integer, nullable=False, default=0),  # of the last code used: a code is good once
    Column("created", Float, nullable=False),
    sqlite_autoincrement=True,  # an id is never used again, since identities and the audit log hold it
)

sessions = Table(
    "sessions",
    metadata,
    Column("hash", String(64), primary_key=True),
    Column("id", String(16), nullable=False, unique=True),  # its name in lists
    _owner(),
    Column("pending", Boolean, nullable=False),  # the second factor is still missing
    Column("created", Float, nullable=False),
    Column("proven", Float, nullable=False),  # when the user last showed a password or another factor
    Column("seen", Float, nullable=False),
    Column("address", String(64), nullable=False),
    Column("agent", String(256), nullable=False),
    Column("audience", String(64)),  # of a handover
)

keys = Table(
    "keys",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("hash", String(64), nullable=False, unique=True),
    _owner(),
    Column("name", String(64), nullable=False),
    Column("hint", String(8), nullable=False),  # the first random characters, to recognise it by
    Column("scopes", Text, nullable=False),  # between spaces
    Column("rate", Integer),  # requests a minute
    Column("created", Float, nullable=False),
    Column("expires", Float),
    Column("used", Float),
)

recovery_codes = Table(
    "recovery_codes",
    metadata,
    Column("hash", String(64), primary_key=True),
    _owner(),
)

passkeys = Table(
    "passkeys",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("credential", LargeBinary, nullable=False, unique=True),
    _owner(),
    Column("public_key", LargeBinary, nullable=False),
    Column("sign_count", Integer, nullable=False),
    Column("name", String(64), nullable=False),
    Column("created", Float, nullable=False),
    Column("used", Float),
)

federated = Table(  # accounts at OpenID Connect providers
    "federated",
    metadata,
    Column("provider", String(64), primary_key=True),
    Column("subject", String(255), primary_key=True),
    _owner(),
    Column("created", Float, nullable=False),
)

spent = Table(  # tokens and codes that are good once
    "spent",
    metadata,
    Column("hash", String(64), primary_key=True),
    Column("expires", Float, nullable=False, index=True),
)

throttle = Table(
    "throttle",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("due", Float, nullable=False, index=True),  # see throttle.py
)

audit = Table(  # append-only: triggers refuse other changes
    "audit",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", Float, nullable=False),
    Column("event", String(64), nullable=False),
    Column("user_id", Integer),  # the user it is about
    Column("actor_id", Integer),  # the user who did it
    Column("address", String(64), nullable=False),
    Column("request_id", String(64), nullable=False),
    Column("detail", Text, nullable=False),  # JSON
    Index("audit_user", "user_id"),
    sqlite_autoincrement=True,
)
