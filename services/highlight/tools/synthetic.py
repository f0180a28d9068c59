"""Makes texts in no programming language: logs, tables, random characters, lists, letters."""

import base64
import random
import string
from collections.abc import Callable, Iterator

NOUNS = "request user file worker session job page item order cache index table node disk service message client token"
VERBS = "started stopped failed finished retried refused accepted loaded saved closed opened expired connected lost"
LEVELS = "INFO DEBUG WARN WARNING ERROR FATAL info error notice warning TRACE"
NAMES = "Anna Ben Chiara David Emma Felix Grace Hugo Ines Jonas Kim Lea Mia Noah Olga Paul Rosa Sam Tom Uwe"
MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec"


def synthetic(count: int) -> Iterator[str]:
    for at in range(count):
        make = MAKERS[at % len(MAKERS)]
        yield "\n".join(make() for _ in range(random.choice((1, 2, 3, 5, 8, 10, 20, 40))))


def one(words: str) -> str:
    return random.choice(words.split())


def _time() -> str:
    clock = f"{random.randint(0, 23):02}:{random.randint(0, 59):02}:{random.randint(0, 59):02}"
    day, month, year = random.randint(1, 28), random.randint(1, 12), random.randint(1999, 2030)
    return random.choice(
        (
            f"{year}-{month:02}-{day:02} {clock}",
            f"{year}-{month:02}-{day:02}T{clock}.{random.randint(0, 999):03}Z",
            f"[{year}-{month:02}-{day:02} {clock},{random.randint(0, 999):03}]",
            f"{MONTHS.split()[month - 1]} {day:2} {clock}",
            f"{year}/{month:02}/{day:02} {clock}",
            f"[{clock}]",
        )
    )


def _sentence() -> str:
    name, other = one(NAMES), one(NOUNS)
    return random.choice(
        (
            f"{other} {random.randint(1, 99999)} {one(VERBS)}",
            f"{name} {one(VERBS)} {other} in {random.randint(1, 900)} ms",
            f"could not open /var/lib/{other}/{random.randint(1, 99)}: No such file or directory",
            f"{other}={random.randint(1, 99)} {one(NOUNS)}={one(NAMES)} took {random.random():.3f}s",
            f"connection from 10.0.{random.randint(0, 255)}.{random.randint(0, 255)} port {random.randint(1024, 9999)}",
        )
    )


def _log() -> str:
    where = random.choice(
        (f"host{random.randint(1, 9)} {one(NOUNS)}[{random.randint(1, 9999)}]:", f"[{one(NOUNS)}]",
         f"com.example.{one(NOUNS).title()} -", f"{one(LEVELS)}", f"[{one(LEVELS)}]")
    )  # fmt: skip
    return f"{_time()} {one(LEVELS) + ' ' if random.random() < 0.6 else ''}{where} {_sentence()}"


def _access() -> str:
    path = "/" + "/".join(random.sample(NOUNS.split(), random.randint(1, 3)))
    when = f"{random.randint(1, 28):02}/{one(MONTHS)}/{random.randint(2000, 2030)}:12:{random.randint(10, 59)}:01 +0000"
    return (
        f"{random.randint(1, 254)}.{random.randint(0, 254)}.0.{random.randint(1, 254)} - - [{when}] "
        f'"{random.choice(("GET", "POST"))} {path} HTTP/1.1" {random.choice((200, 301, 304, 404, 500))} '
        f'{random.randint(0, 99999)} "-" "Mozilla/5.0 (X11; Linux x86_64)"'
    )


def _table() -> str:
    sign = random.choice((",", ";", "\t", ", "))
    values = [one(NAMES), str(random.randint(0, 9999)), f"{random.random() * 100:.2f}", one(NOUNS),
              f"{random.randint(1990, 2030)}-0{random.randint(1, 9)}-1{random.randint(0, 9)}",
              f"{one(NAMES).lower()}@example.org", f'"{one(NAMES)} {one(NAMES)}"']  # fmt: skip
    return sign.join(values[: random.randint(3, 7)])


def _noise() -> str:
    size = random.randint(20, 80)
    return random.choice(
        (
            "".join(chr(random.randint(33, 126)) for _ in range(size)),
            "".join(chr(random.choice((random.randint(32, 255), random.randint(0x400, 0x2000)))) for _ in range(size)),
            base64.b64encode(random.randbytes(size)).decode(),
            random.randbytes(size // 2).hex(),
            " ".join(str(random.randint(0, 1000)) for _ in range(size // 4)),
            "".join(random.choice(string.ascii_lowercase + "  ") for _ in range(size)),
            random.randbytes(size).decode("utf-8", "replace"),
        )
    )


def _list() -> str:
    return random.choice(
        (
            f"{random.randint(1, 20)}. {one(NOUNS)} {one(VERBS)}",
            f"{one(NAMES)}: {_sentence()}",
            f"{one(NOUNS)}",
            f"Dear {one(NAMES)}, thank you for your {one(NOUNS)}.",
            f"https://example.org/{one(NOUNS)}/{random.randint(1, 999)}",
            f"/usr/share/{one(NOUNS)}/{one(NOUNS)}.{random.choice(('txt', 'png', 'conf'))}",
            f"[{_time()}] <{one(NAMES)}> {_sentence()}",
        )
    )


MAKERS: list[Callable[[], str]] = [_log, _table, _noise, _list, _access]
