"""What is measured: each function here does it and returns lines of the table."""

import contextlib
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import suite
from load import Rates, get, post_fresh, post_same, ratio
from loop import pygments_loop
from memory import family, proportional_set
from overhead import sandbox_overhead
from peers import Absent, highlight_js, rouge
from report import Row
from snippet import snippet

CALL = "/highlight?language=python"
CLIENT_CALLS = 3000
STARTS = 3
InTurns = Callable[..., Rates]


def cached(url: str, text: Path, answer: bytes, in_turns: InTurns) -> list[Row]:
    """What nginx has in its cache, beside what it has in a file."""
    link = f"{url}{CALL}&code={quote(snippet())}"
    assert suite.ask(link, within=5)[1] == answer
    with suite.static_file(answer) as file:
        rates = in_turns(
            {"static": get(file), "GET": get(link), "POST": post_same(url + CALL, text)},
        )
    return [
        _ratio("cached GET ÷ static file", rates, "GET", "static", at_least=0.8),
        _ratio("cached POST ÷ static file", rates, "POST", "static", at_least=0.6),
    ]


def uncached(url: str, text: Path, processes: int, in_turns: InTurns) -> list[Row]:
    """What has to be worked on, beside Pygments alone, the service without a sandbox, and other highlighters."""
    ways = {"uncached": post_fresh(url + CALL, text), "cached": post_same(url + CALL, text)}
    rows = []
    with contextlib.ExitStack() as stack:
        ways["loop"] = stack.enter_context(pygments_loop(processes))
        bare, _ = stack.enter_context(suite.mergepoint("--pythonpath", str(suite.HERE), "inprocess:create_app()"))
        ways["no sandbox"] = post_fresh(bare + CALL, text)
        peers = []
        for start in (highlight_js, rouge):
            try:
                peer, ways[peer] = stack.enter_context(start(text, processes))
                peers.append(peer)
            except Absent as reason:
                rows.append(Row(start.__name__.replace("_", "."), "skipped", source=str(reason)))
        rates = in_turns(ways)
    for peer in peers:
        rows += [_ratio(f"{how} ÷ {peer}", rates, how, peer) for how in ("uncached", "cached")]
    return [
        _ratio(f"uncached POST ÷ Pygments in a loop, {processes} processes", rates, "uncached", "loop", at_least=0.45),
        _ratio("sandbox on ÷ off, uncached POST", rates, "uncached", "no sandbox"),
        *rows,
    ]


def overhead(answer: bytes) -> Row:
    taken = sandbox_overhead(snippet().encode(), answer)
    source = f"an empty function, {len(snippet())} bytes there and {len(answer)} back; median"
    return _limit("sandbox, each call", taken, "µs", at_most=100, source=source)


def latency(url: str, text: Path) -> list[Row]:
    """A cached call through our clients, beside its bytes on a socket."""
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
    """Of the highlight service: run it after all children have worked."""
    processes = family(pid)
    used = sum(map(proportional_set, processes)) / 2**20
    source = f"PSS of {len(processes)} processes: master, zygote, workers and their children, after the load"
    return _limit("memory of highlight", used, "MB", at_most=200, source=source)


def start() -> Row:
    taken = []
    for _ in range(STARTS):
        began = time.perf_counter()
        with suite.mergepoint() as (url, _):
            suite.ask(url + CALL, snippet().encode(), within=60)
            taken.append(time.perf_counter() - began)
    source = f"the runner's start to a highlighted answer; median of {STARTS}"
    return _limit("start", statistics.median(taken), "s", at_most=5, source=source)


def _ratio(what: str, rates: Rates, above: str, below: str, *, at_least: float | None = None) -> Row:
    middle, low, high = ratio(rates[above], rates[below])
    above_rate, below_rate = (statistics.median(rates[name]) for name in (above, below))
    source = f"{above_rate:,.0f}/s ÷ {below_rate:,.0f}/s; {low:.2f} to {high:.2f}"
    if at_least is None:
        return Row(what, f"{middle:.2f}", source=source)
    return Row(what, f"{middle:.2f}", f"≥ {at_least}", middle >= at_least, source)


def _limit(what: str, value: float, unit: str, *, at_most: float, source: str) -> Row:
    return Row(what, f"{value:.3g} {unit}", f"≤ {at_most} {unit}", value <= at_most, source)
