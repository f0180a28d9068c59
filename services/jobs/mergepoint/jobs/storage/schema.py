"""The tables. Times are seconds since 1970 by the database's clock; the answer of a job is in ``contents``."""

from sqlalchemy import Column, Float, Index, Integer, LargeBinary, MetaData, String, Table, Text, UniqueConstraint

metadata = MetaData()

jobs = Table(
    "jobs",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("owner", String(80), nullable=False),  # user:<id> or net:<network>
    Column("owner_name", String(256), nullable=False),
    Column("service", String(64), nullable=False),
    Column("method", String(16), nullable=False),
    Column("target", Text, nullable=False),  # path and query as they were sent
    Column("headers", Text, nullable=False),  # JSON
    Column("state", String(16), nullable=False),  # queued, running, done, failed or cancelled
    Column("created", Float, nullable=False),
    Column("at", Float, nullable=False),  # not before
    Column("rank", Float),  # its place in the queue; none: it is not ready
    Column("started", Float),  # the last attempt
    Column("finished", Float),
    Column("deadline", Float, nullable=False),  # seconds an attempt
    Column("attempts_allowed", Integer, nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    Column("losses", Integer, nullable=False, default=0),  # how often its worker was lost
    Column("idempotency_key", String(64)),  # its hash
    Column("fingerprint", String(64), nullable=False),
    Column("callback", Text),
    Column("request_id", String(64), nullable=False),
    Column("grant_token", Text),  # auth's, opaque to us
    Column("host", String(300), nullable=False),  # how the request had come: as the client sent it
    Column("scheme", String(8), nullable=False),
    Column("address", String(64), nullable=False),  # the client's
    Column("lease_token", String(32)),
    Column("lease_until", Float),
    Column("worker", String(80)),
    Column("progress", Text),  # JSON
    Column("code", String(64)),  # why it failed, or is tried again
    Column("detail", Text),
    Column("result_status", Integer),
    Column("result_headers", Text),  # JSON
    Column("request_content", String(32), nullable=False),
    Column("result_content", String(32)),
    Column("size_request", Integer, nullable=False),
    Column("size_result", Integer),
    Column("replay_of", String(32)),
    Column("keep_until", Float),  # of the result
    Column("forget_at", Float),  # of the row
    Column("version", Integer, nullable=False, default=1),  # one more at each change
    Column("history", Text, nullable=False),  # a line for each change: version, time, state, attempt, code
    UniqueConstraint("owner", "idempotency_key", name="jobs_idempotency"),
    Index("jobs_queue", "state", "rank"),
    Index("jobs_due", "state", "at"),
    Index("jobs_unfinished", "owner", "state", "size_request"),
    Index("jobs_listed", "owner", "created"),
    Index("jobs_lease", "lease_token"),
    Index("jobs_keep", "keep_until"),
    Index("jobs_forget", "forget_at"),
)

contents = Table(  # bodies, in pieces; a large one is a file on SQLite
    "contents",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("piece", Integer, primary_key=True),
    Column("job", String(32), nullable=False),
    Column("data", LargeBinary),
    Column("file", String(64)),
    Column("created", Float, nullable=False, index=True),
)

callbacks = Table(  # what is told of a finished job; it goes with the job's row
    "callbacks",
    metadata,
    Column("job", String(32), primary_key=True),
    Column("owner", String(80), nullable=False),
    Column("message", String(32), nullable=False),  # its id, the same at each try
    Column("state", String(16), nullable=False),  # pending, delivered or failed
    Column("at", Float, nullable=False),  # of a pending one: not before; while a worker has it: until then
    Column("tries", Integer, nullable=False),  # those that came to an end
    Column("lease_token", String(32)),
    Column("worker", String(80)),
    Column("status", Integer),  # of the last answer
    Column("code", String(64)),  # why the last try failed
    Column("delivered", Float),
    Index("callbacks_due", "state", "at"),
    Index("callbacks_turns", "state", "owner", "at"),
    Index("callbacks_leased", "lease_token"),
)

callback_secrets = Table(  # as they are: messages are signed with them
    "callback_secrets",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("owner", String(80), nullable=False, index=True),
    Column("secret", String(128), nullable=False),
    Column("created", Float, nullable=False),
    Column("ends", Float, index=True),  # none: it is the owner's newest
)

turns = Table(  # start-time fair queueing: the rank of each owner's last job
    "turns",
    metadata,
    Column("owner", String(80), primary_key=True),
    Column("last", Float, nullable=False, index=True),
)

clock = Table(  # one row
    "clock",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("looked", Float, nullable=False),  # when a program was last known to look
    Column("virtual", Float, nullable=False),  # the rank of the job that was claimed last
)

totals = Table(  # for metrics
    "totals",
    metadata,
    Column("service", String(64), primary_key=True),
    Column("outcome", String(64), primary_key=True),
    Column("count", Integer, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("retries", Integer, nullable=False),
)
