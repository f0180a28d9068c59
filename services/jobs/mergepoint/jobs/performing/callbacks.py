"""Sends callbacks: by threads of their own, so that receivers, however slow, hold up no job.

It runs beside the worker's loop, in the same process.
"""

import contextlib
import threading
import time
from collections.abc import Callable

import structlog

from mergepoint.kit.fetch.post import NotSent, Posted, Poster

from ..engine import Engine
from ..errors import StoreUnavailable
from ..queue.callbacks import Delivery, Tried
from . import backoff
from .message import body_of, headers_of

log = structlog.get_logger()
DEADLINE = 15.0  # seconds of a try, from the name's resolution to the head of the answer; the standard says 15 to 30
AT_ONCE = 16  # callbacks under way in a process
POLL = 0.5  # seconds between two looks
AWAY = 0.5  # seconds until a database that is away is asked again
SUCCESS = range(200, 300)
GONE = 410  # the receiver wants no more (Standard Webhooks)


class Callbacks:
    """Sends the callbacks of *engine* by *poster*, from `start` to `stop`. *deadline* of a try is in seconds."""

    def __init__(
        self,
        engine: Engine,
        poster: Poster,
        *,
        deadline: float = DEADLINE,
        delay: Callable[[int, str | None, float], float] = backoff.callback_delay,
    ) -> None:
        self._engine, self._poster, self._deadline, self._delay = engine, poster, deadline, delay
        self._under_way: set[threading.Thread] = set()
        self._wake, self._stopping = threading.Event(), threading.Event()

    def start(self) -> None:
        threading.Thread(target=self._run, name="callbacks", daemon=True).start()

    def wake(self) -> None:
        """Look for callbacks now: a job has ended."""
        self._wake.set()

    def stop(self) -> None:
        """Claim nothing more. A try that does not end before the process does is made again when its lease is over."""
        self._stopping.set()
        self._wake.set()

    def send_due(self) -> int:
        """Begin to send what is due, as much as may be under way; return how many there are."""
        free = AT_ONCE - len(self._under_way)
        if free <= 0 or not self._engine.has_callbacks():
            return 0
        ends = self._poster.clock() + self._deadline  # from before the lease: after it nothing is sent
        deliveries = self._engine.claim_callbacks(free)
        for delivery in deliveries:
            thread = threading.Thread(target=self._deliver, args=(delivery, ends), daemon=True)
            self._under_way.add(thread)
            thread.start()
        return len(deliveries)

    @property
    def is_idle(self) -> bool:
        return not self._under_way

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._wake.clear()
            try:
                claimed = self.send_due()
            except StoreUnavailable:
                self._stopping.wait(AWAY)
                continue
            except Exception:
                log.exception("callbacks")
                claimed = 0
            if not claimed:
                self._wake.wait(POLL)

    def _deliver(self, delivery: Delivery, ends: float) -> None:
        try:
            tried = self._try(delivery, ends)
            self._until_written(delivery, tried)
        except Exception:
            log.exception("callback failed", job=delivery.job.id)  # it is tried again when its lease is over
        finally:
            self._under_way.discard(threading.current_thread())
            self._wake.set()

    def _try(self, delivery: Delivery, ends: float) -> Tried:
        now, body = time.time(), body_of(delivery.job)
        headers = headers_of(delivery.message, int(now), body, delivery.secrets)
        try:
            answer = self._poster.post(str(delivery.job.callback), body, headers, ends=ends)
        except NotSent as error:
            return Tried(False, None, error.code, self._delay(delivery.tries + 1, None, now))
        return self._judge(answer, delivery, now)

    def _judge(self, answer: Posted, delivery: Delivery, now: float) -> Tried:
        if answer.status in SUCCESS:
            return Tried(True, answer.status)
        code = f"status_{answer.status}"
        if answer.status == GONE:
            return Tried(False, answer.status, code)
        return Tried(False, answer.status, code, self._delay(delivery.tries + 1, answer.retry_after, now))

    def _until_written(self, delivery: Delivery, tried: Tried) -> None:
        """A database that is away comes back; until then nobody else has the callback."""
        while True:
            with contextlib.suppress(StoreUnavailable):
                is_ours = self._engine.settle_callback(delivery, tried)
                log.info(
                    "callback" if is_ours else "callback lost",
                    job=delivery.job.id,
                    status=tried.status,
                    code=tried.code,
                    tries=delivery.tries + 1,
                )
                return
            time.sleep(AWAY)
