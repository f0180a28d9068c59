"""The audit log: every security event, append-only. It never holds a secret."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any

from sqlalchemy import Connection, insert, select

from .storage.schema import audit
from .storage.store import Store


@dataclass(frozen=True)
class RequestContext:
    """Where a call comes from, for the log and for rate limits.

    *agent* is the client's User-Agent, *actor_id* the id of the user who acts.
    """

    address: str = ""
    request_id: str = ""
    agent: str = ""
    actor_id: int | None = None

    @property
    def network(self) -> str:
        """The client's IPv4 address, or the /64 that one IPv6 customer is given."""
        try:
            address = ip_address(self.address)
        except ValueError:
            return self.address
        if isinstance(address, IPv6Address):
            return str(address.ipv4_mapped or ip_network(f"{address}/64", strict=False))
        return str(address)


Origin = RequestContext  # its name until now; "origin" means scheme, host and port (RFC 6454) everywhere else


class Audit:
    """Writes and reads the log."""

    def __init__(self, store: Store, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._clock = clock

    def note(
        self, connection: Connection, event: str, context: RequestContext, *, user_id: int | None = None, **detail: Any
    ) -> None:
        """Write an event in the transaction of the change that it records: neither is there without the other."""
        connection.execute(
            insert(audit).values(
                at=self._clock(),
                event=event,
                user_id=user_id,
                actor_id=context.actor_id,
                address=context.address[:64],
                request_id=context.request_id[:64],
                detail=json.dumps(detail, ensure_ascii=True),
            )
        )

    def tell(self, event: str, context: RequestContext, *, user_id: int | None = None, **detail: Any) -> None:
        """Write an event without any other change."""
        with self._store.write() as connection:
            self.note(connection, event, context, user_id=user_id, **detail)

    def read(
        self, *, before: int | None = None, user_id: int | None = None, event: str | None = None, limit: int = 100
    ) -> list[dict[str, Any]]:
        """Return at most *limit* events with ids below *before*, the newest first."""
        query = select(audit).order_by(audit.c.id.desc()).limit(limit)
        if before is not None:
            query = query.where(audit.c.id < before)
        if user_id is not None:
            query = query.where(audit.c.user_id == user_id)
        if event:
            query = query.where(audit.c.event == event)
        with self._store.read() as connection:
            rows = connection.execute(query).mappings().all()
        return [{**row, "detail": json.loads(row["detail"])} for row in rows]
