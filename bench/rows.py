"""Measures highlight: each function measures something and returns rows of the table."""

import base64
import contextlib
import statistics
import subprocess
import sys
import time
import zlib
from pathlib import Path
from urllib.parse import quote

import suite
from load import Rates, Turns, get, post_fresh, post_same, ratio
from loop import pygments_loop
from memory import family, proportional_set
from overhead import sandbox_overhead
from peers import Absent, highlight_js, rouge
from report import Row
from snippet import snippet

CALL = "/highlight?language=python"
CLIENT_CALLS = 3000
STARTS = 3
SHORT = 600  # characters of the snippet that make an answer of 2 KB


def warmed(url: str, body: bytes | None = None) -> bytes:
    """Request *url* until its answer is in the cache; return the answer."""
    for _ in range(10):  # on a busy machine the first may be degraded, and is not kept
        headers, answer = suite.ask(url, body, within=5)
        if headers["Cache-Status"] == "mergepoint; hit":
            return answer
    raise RuntimeError(f"{url}: not cached: {headers}")


def cached(url: str, text: Path, turns: Turns) -> list[Row]:
    """Measure answers from nginx's cache, beside static files of the same size."""
    call = url + CALL
    packed = base64.urlsafe_b64encode(zlib.compress(text.read_bytes())).decode()
    gets = {
        "GET, an answer of 2 KB": f"{call}&code={quote(snippet()[:SHORT])}",
        "GET, a text of 2 KB in a link": f"{url}/highlight/python/{packed}.html",
        "GET, a text of 2 KB in the query": f"{call}&code={quote(snippet())}",
    }
    answers = {name: warmed(get_url) for name, get_url in gets.items()}
    assert warmed(call, text.read_bytes()) == answers["GET, a text of 2 KB in a link"]
    with suite.static_files(*answers.values()) as (small, large, _):
        ways = {"small": get(small), "large": get(large), "POST": post_same(call, text)}
        rates = turns.measure({**ways, **{name: get(get_url) for name, get_url in gets.items()}})
    files = dict(zip(gets, ("small", "large", "large"), strict=True))
    return [
        *(_ratio(f"cached {name} ÷ static file", rates, name, files[name], at_least=0.8) for name in gets),
        _ratio("cached POST, a text of 2 KB ÷ static file", rates, "POST", "large", at_least=0.6),
    ]


def uncached(url: str, text: Path, processes: int, turns: Turns) -> list[Row]:
    """Measure texts that are not in the cache, beside Pygments alone, the service without a sandbox, and others."""
    ways = {"uncached": post_fresh(url + CALL, text), "cached": post_same(url + CALL, text)}
    skipped, peers = [], []
    with contextlib.ExitStack() as stack:
        ways["loop"] = stack.enter_context(pygments_loop(processes))
        bare, _ = stack.enter_context(suite.mergepoint("--pythonpath", str(suite.HERE), "inprocess:create_app()"))
        ways["no sandbox"] = post_fresh(bare + CALL, text)
        stock, _ = stack.enter_context(suite.mergepoint(HIGHLIGHT_ENGINE="pygments"))
        ways["no engine"] = post_fresh(stock + CALL, text)
        for start_peer in (highlight_js, rouge):
            try:
                peer, ways[peer] = stack.enter_context(start_peer(text, processes))
                peers.append(peer)
            except Absent as reason:
                skipped.append(Row(start_peer.__name__, "skipped", source=str(reason)))
        rates = turns.measure(ways)
    return [
        _ratio(f"uncached POST ÷ Pygments in a loop, {processes} processes", rates, "uncached", "loop", at_least=0.45),
        _ratio("uncached POST, sandbox on ÷ off", rates, "uncached", "no sandbox"),
        _ratio("uncached POST, engine on ÷ HIGHLIGHT_ENGINE=pygments", rates, "uncached", "no engine"),
        *(_ratio(f"{how} POST ÷ {peer}", rates, how, peer) for peer in peers for how in ("uncached", "cached")),
        *skipped,
    ]


def overhead(answer: bytes) -> Row:
    taken = sandbox_overhead(snippet().encode(), answer)
    source = f"a function that does nothing, {len(snippet())} bytes there, {len(answer)} back; median"
    return _limit("sandbox, overhead of a call", taken, "µs", at_most=100, source=source)


def latency(url: str, text: Path) -> list[Row]:
    """Measure a cached call through our clients, beside its bytes on a socket."""
    host, port = url.removeprefix("http://").split(":")
    rows = []
    for name, command in (("Python", [sys.executable, "latency.py"]), ("Ruby", ["ruby", "latency.rb"])):
        command += [host, port, str(text), str(CLIENT_CALLS)]
        said = subprocess.run(command, cwd=suite.HERE, check=True, stdout=subprocess.PIPE, text=True).stdout
        client, raw = map(float, said.split())
        source = f"{client:.0f} µs − {raw:.0f} µs, cached POST; medians"
        rows.append(Row(f"{name} client − raw socket", f"{client - raw:.0f} µs", source=source))
    return rows


def memory(pid: int) -> Row:
    """Measure the memory of the highlight service. Call it after all children have worked."""
    processes = family(pid)
    used = sum(map(proportional_set, processes)) / 2**20
    source = f"PSS of {len(processes)} processes, children included, after the load"
    return _limit("memory of the highlight service", used, "MB", at_most=200, source=source)


def start() -> Row:
    taken = []
    for _ in range(STARTS):
        began = time.perf_counter()
        with suite.started_by_make():
            taken.append(time.perf_counter() - began)
    source = f"everything installed; median of {STARTS}"
    return _limit("`make run` to the first highlighted text", statistics.median(taken), "s", at_most=5, source=source)


def _ratio(what: str, rates: Rates, above: str, below: str, *, at_least: float | None = None) -> Row:
    middle, low, high = ratio(rates[above], rates[below])
    above_rate, below_rate = (statistics.median(rates[name]) for name in (above, below))
    source = f"{above_rate:,.0f}/s ÷ {below_rate:,.0f}/s; {low:.2f} to {high:.2f}"
    if at_least is None:
        return Row(what, f"{middle:.2f}", source=source)
    return Row(what, f"{middle:.2f}", f"≥ {at_least}", middle >= at_least, source)


def _limit(what: str, value: float, unit: str, *, at_most: float, source: str) -> Row:
    return Row(what, f"{value:.3g} {unit}", f"≤ {at_most} {unit}", value <= at_most, source)
