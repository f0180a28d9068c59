"""Measures the cost of auth for the requests behind it, and whether logins work while others guess passwords."""

import contextlib
import http.client
import json
import shutil
import statistics
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import suite
from load import Turns, get
from memory import family, proportional_set
from report import Row

# The same file, open and guarded; and auth's decision itself, without a cache.
LOCATIONS = """
location = /bench/open {
    rewrite ^ /static/style.css break;
    root .;
}
location = /bench/guarded {
    set $service bench;
    set $policy  user;
    include snippets/policies/auth.conf;
    rewrite ^ /static/style.css break;
    root .;
}
location = /bench/verify {
    proxy_pass         http://auth/auth/verify;
    proxy_http_version 1.1;
    proxy_set_header   Connection "";
    proxy_set_header   Mergepoint-Policy   user;
    proxy_set_header   Mergepoint-Audience bench;
}
"""
BAD_RATE, GOOD_LOGINS, NETWORKS = 100, 100, 4  # bad logins a second; good logins; networks that guess


def rows(turns: Turns) -> list[Row]:
    with _guarded() as (port, pid, password):
        url = f"http://127.0.0.1:{port}"
        _, _, token = _log_in(port, "admin", password, "127.0.0.1")
        cookie = f"Cookie: mergepoint={token}"
        ways = {name: get(f"{url}/bench/{name}", cookie) for name in ("open", "guarded", "verify")}
        rates = turns.measure(ways)
        ratios = [guarded / open for guarded, open in zip(rates["guarded"], rates["open"], strict=True)]
        middle = {name: statistics.median(found) for name, found in rates.items()}
        return [
            Row(
                "auth_request, decision cached ÷ none",
                f"{statistics.median(ratios):.2f}",
                "≥ 0.6",
                statistics.median(ratios) >= 0.6,
                f"{middle['guarded']:,.0f}/s ÷ {middle['open']:,.0f}/s; {min(ratios):.2f} to {max(ratios):.2f}",
            ),
            Row(
                "/auth/verify, asked each time",
                f"{middle['verify']:,.0f}/s",
                "≥ 1500/s",
                middle["verify"] >= 1500,
                "through nginx, load generator beside it",
            ),
            _flood(port, password),
            _memory(pid),
        ]


def _flood(port: int, password: str) -> Row:
    """Return the row of good logins, each from a network of its own, while NETWORKS networks guess."""
    over = threading.Event()

    def guess(number: int) -> None:
        due = time.monotonic()
        while not over.is_set():
            due += NETWORKS * 8 / BAD_RATE
            with contextlib.suppress(OSError):
                _log_in(port, f"user{number}", "a wrong password", f"127.0.0.{2 + number % NETWORKS}")
            over.wait(max(due - time.monotonic(), 0))

    guessers = [threading.Thread(target=guess, args=(number,)) for number in range(NETWORKS * 8)]
    for guesser in guessers:
        guesser.start()
    with ThreadPoolExecutor(4) as pool:
        good = list(pool.map(lambda n: _log_in(port, "admin", password, f"127.0.1.{1 + n}"), range(GOOD_LOGINS)))
    over.set()
    for guesser in guessers:
        guesser.join()
    times = sorted(seconds for _, seconds, _ in good)
    well = sum(status == 200 and seconds < 1 for status, seconds, _ in good)
    return Row(
        f"good logins among {BAD_RATE} bad ones a second",
        f"{well} of {GOOD_LOGINS}",
        "≥ 99, each < 1 s",
        well >= 99,
        f"median {times[len(times) // 2] * 1000:.0f} ms, slowest {times[-1] * 1000:.0f} ms",
    )


def _memory(pid: int) -> Row:
    processes = family(pid)
    used = sum(map(proportional_set, processes)) / 2**20
    source = f"PSS of {len(processes)} processes, after the load"
    return Row("memory of the auth service", f"{used:.3g} MB", "≤ 256 MB", used <= 256, source)


def _log_in(port: int, login: str, password: str, source: str) -> tuple[int, float, str]:
    """Log in from the address *source*; return status, seconds and the session's token."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10, source_address=(source, 0))
    body = json.dumps({"login": login, "password": password})
    began = time.perf_counter()
    with contextlib.closing(connection):
        connection.request("POST", "/auth/login", body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        told = json.loads(answer.read())
        return answer.status, time.perf_counter() - began, told.get("token", "")


@contextlib.contextmanager
def _guarded() -> Iterator[tuple[int, int, str]]:
    """Run nginx with LOCATIONS, and auth; yield the port, auth's pid and the first administrator's password."""
    port = suite.free_port()
    with suite.prepared(port) as running:
        shutil.copytree(suite.ROOT / "nginx", running.run / "files")
        with (running.run / "files/services/auth.conf").open("a") as file:
            file.write(LOCATIONS)
        for other in {*running.commands} - {"auth", "nginx"}:
            del running.commands[other]
        running.commands["nginx"] = [str(running.run / "files/start"), str(running.run)]
        suite.run(running, port, "/auth/health")
        password = Path(running.environment["AUTH_STATE"], "first-password").read_text().split()[1]
        yield port, running.processes["auth"].pid, password
