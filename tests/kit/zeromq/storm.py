"""Clients that ask without pause while workers and the broker are killed: who was answered, and with what."""

import os
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field

from mergepoint.client import Error
from mergepoint.client.zeromq import Client
from tests.kit.zeromq.programs import House

CLIENTS = 4
WORKERS = 3
EVERY = 1.0  # seconds between two kills


@dataclass
class Seen:
    """How many answers there were, those that were wrong, and why there was none."""

    answers: int = 0
    wrong: list[str] = field(default_factory=list)
    problems: Counter[str] = field(default_factory=Counter)
    kills: int = 0

    def __str__(self) -> str:
        return f"{self.answers} answers, {len(self.wrong)} wrong, {dict(self.problems)}, {self.kills} kills"


def highlight(client: Client, text: str) -> bool:
    """Whether the answer is right, to the byte: plain text comes back as it is, in one element."""
    return client.highlight(text, "text") == f'<div class="highlight"><pre><span></span>{text}\n</pre></div>\n'


def htmldiff(client: Client, text: str) -> bool:
    return client.htmldiff(text, text) == f'<div class="diff">{text}</div>'


CALLS = {"highlight": highlight, "htmldiff": htmldiff}


def ask(address: str, service: str, name: int, count: int, seen: Seen, pause: float) -> None:
    """Ask *count* times, one after the other."""
    with Client(address, timeout=20, retries=8) as client:
        for number in range(count):
            text = f"client {name} number {number} {os.urandom(4).hex()}"
            try:
                right = CALLS[service](client, text)
            except Error as error:
                seen.problems[error.code] += 1
            else:
                seen.answers += 1
                seen.wrong += [] if right else [text]
            time.sleep(pause)


def rage(house: House, service: str, requests: int, *, seconds: float, brokers: int) -> Seen:
    """Send *requests* for *service* over about so many *seconds*, while a worker is killed each second, and the broker
    *brokers* times. One worker is spared until another is ready, which takes a while on a busy machine.
    """
    seen = [Seen() for _ in range(CLIENTS)]
    together, of_each, brokers_killed = Seen(), requests // CLIENTS, 0
    with ThreadPoolExecutor(CLIENTS) as pool:
        began = time.monotonic()
        asking = [
            pool.submit(ask, house.address, service, n, of_each, seen[n], seconds / of_each) for n in range(CLIENTS)
        ]
        while not all(each.done() for each in asking):
            wait(asking, EVERY)
            house.have_started(**{service: WORKERS})
            if brokers_killed < brokers and time.monotonic() - began > seconds * (brokers_killed + 1) / (brokers + 1):
                house.broker.kill()
                brokers_killed += 1
                together.kills += 1
                house.start_broker()
            elif len(ready := house.ready()) > 1:
                ready[0].kill()
                house.workers.remove(ready[0])
                together.kills += 1
        for each in asking:
            each.result()
    for one in seen:
        together.answers += one.answers
        together.wrong += one.wrong
        together.problems += one.problems
    return together
