"""The audit log: every security event, append-only. No secret is ever in it."""

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
class Origin:
    """Where a call comes from: what the log tells of it."""

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


class Audit:
    """Writes and reads the log."""

    def __init__(self, store: Store, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._clock = clock

    def note(
        self, connection: Connection, event: str, origin: Origin, *, user_id: int | None = None, **detail: Any
    ) -> None:
        """Write an event in the transaction of what it tells of: there is never one without the other."""
        connection.execute(
            insert(audit).values(
                at=self._clock(),
                event=event,
                user_id=user_id,
                actor_id=origin.actor_id,
                address=origin.address[:64],
                request_id=origin.request_id[:64],
                detail=json.dumps(detail, ensure_ascii=True),
            )
        )

    def tell(self, event: str, origin: Origin, *, user_id: int | None = None, **detail: Any) -> None:
        """Write an event that changes nothing else."""
        with self._store.write() as connection:
            self.note(connection, event, origin, user_id=user_id, **detail)

    def read(
        self, *, before: int | None = None, user_id: int | None = None, event: str | None = None, limit: int = 100
    ) -> list[dict[str, Any]]:
        """Return the newest events first, *limit* of them, those with an id below *before*."""
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
