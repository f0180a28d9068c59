"""Measures thumbnail: beside thumbor and ipx, beside decoders and encoders, from the cache, and its memory."""

import contextlib
import http.client
import importlib.util
import io
import itertools
import json
import os
import shutil
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import suite
from load import Turns, get, ratio
from memory import family, proportional_set
from PIL import Image
from report import Row

from mergepoint.thumbnail import Spec, thumbnail

FORMATS = {"jpg": "JPEG", "png": "PNG", "webp": "WEBP", "avif": "AVIF"}
SIZE, WIDTH = (2040, 1400), 512
CLIENTS = 2
SECONDS = 4.0
THUMBOR, IPX = "thumbor", "ipx@3"
# The largest ratio to the time in which Pillow decodes at full size and encodes the result.
MOST = {"JPEG": 1.75, "PNG": 1.4, "WEBP": 1.4, "AVIF": 1.4}
# The encoders' options in encoding.py.
ENCODED = {
    "JPEG": {"quality": 80},
    "PNG": {"compress_level": 1},
    "WEBP": {"quality": 80, "method": 2},
    "AVIF": {"quality": 63, "speed": 8, "max_threads": 1},
}
PEAK = """
import sys
from mergepoint.thumbnail import Spec, thumbnail
thumbnail(open(sys.argv[1], "rb"), Spec(width=300))
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM:")))
"""
_once = itertools.count()
Ask = Callable[[str], tuple[str, int, str]]


class Absent(Exception):
    """This peer cannot be run here."""


@contextlib.contextmanager
def sources() -> Iterator[Path]:
    """Yield a folder with one photograph in each format. Services that are started meanwhile accept links to it."""
    with suite.folder() as folder:
        picture = Image.fromarray(_pictures().photograph(*SIZE))
        for extension, format in FORMATS.items():
            picture.save(folder / f"photo.{extension}", format, **({"quality": 85} if format != "PNG" else {}))
        os.environ |= {"THUMBNAIL_SOURCES": f"local://{folder}", "THUMBNAIL_UNSIGNED": "1"}
        yield folder


def rows(url: str, folder: Path, turns: Turns) -> list[Row]:
    return [*beside_peers(url, folder), *beside_codecs(folder), cached(url, turns), warm(), large()]


def beside_peers(url: str, folder: Path) -> list[Row]:
    """Measure requests a second for a photograph made small, without a cache."""
    host, port = url.removeprefix("http://").split(":")
    ways: dict[str, Ask] = {
        "ours": lambda ext: (
            host,
            int(port),
            f"/thumbnail/_/rs:fit:512:512/cb:{next(_once)}/plain/local:///photo.{ext}",
        )
    }
    skipped = []
    with contextlib.ExitStack() as stack:
        for start in (thumbor, ipx):
            try:
                name, ask = stack.enter_context(start(folder))
                ways[name] = ask
            except Absent as reason:
                skipped.append(Row(start.__name__, "skipped", source=str(reason)))
        rates = {extension: {name: _rate(ask, extension) for name, ask in ways.items()} for extension in FORMATS}
    return [*(_peer_row(FORMATS[extension], rates[extension]) for extension in FORMATS), *skipped]


def _peer_row(format: str, rates: Mapping[str, float]) -> Row:
    source = ", ".join(f"{name} {rate:.1f}/s" for name, rate in rates.items())
    best = max((rate for name, rate in rates.items() if name != "ours"), default=0.0)
    if not best:
        return Row(f"thumbnail, {format}", f"{rates['ours']:.1f}/s", source=source)
    value = rates["ours"] / best
    return Row(f"thumbnail, {format} 2040×1400 to 512 ÷ the best peer", f"{value:.2f}", "> 1", value > 1, source)


def _rate(ask: Ask, extension: str) -> float:
    """Return the requests a second that CLIENTS clients get answered at once."""
    _answer(*ask(extension))
    done, ends = [0] * CLIENTS, time.monotonic() + SECONDS
    began = time.monotonic()

    def client(number: int) -> None:
        while time.monotonic() < ends:
            _answer(*ask(extension))
            done[number] += 1

    threads = [threading.Thread(target=client, args=(number,)) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(done) / (time.monotonic() - began)


def _answer(host: str, port: int, path: str) -> bytes:
    connection = http.client.HTTPConnection(host, port, timeout=30)
    connection.request("GET", path, headers={"Accept": "*/*"})
    response = connection.getresponse()
    body = response.read()
    connection.close()
    if response.status != 200:
        raise RuntimeError(f"{path}: {response.status} {body[:200]!r}")
    return body


@contextlib.contextmanager
def thumbor(folder: Path) -> Iterator[tuple[str, Ask]]:
    """thumbor, from a virtual environment of its own."""
    with suite.folder() as path:
        _say(sys.executable, "-m", "venv", str(path))
        _say(str(path / "bin/pip"), "install", "-q", "--disable-pip-version-check", THUMBOR, "pillow-avif-plugin")
        version = _say(str(path / "bin/python"), "-c", "import thumbor; print(thumbor.__version__)")
        (path / "thumbor.conf").write_text(
            f"LOADER = 'thumbor.loaders.file_loader'\nFILE_LOADER_ROOT_PATH = {str(folder)!r}\n"
            "STORAGE = 'thumbor.storages.no_storage'\nRESULT_STORAGE = None\n"
        )
        port = suite.free_port()
        command = [str(path / "bin/thumbor"), "-p", str(port), "-c", str(path / "thumbor.conf"), "--processes", "2"]
        with suite.program(command, f"http://127.0.0.1:{port}/healthcheck"):
            yield f"thumbor {version}", lambda ext: ("127.0.0.1", port, f"/unsafe/fit-in/512x512/photo.{ext}")


@contextlib.contextmanager
def ipx(folder: Path) -> Iterator[tuple[str, Ask]]:
    if not shutil.which("npm"):
        raise Absent("no npm here")
    with suite.folder() as path:
        _say("npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(path), IPX)
        package = json.loads((path / "node_modules/ipx/package.json").read_text())
        port = suite.free_port()
        program = str(path / "node_modules/ipx/bin/ipx.mjs")
        command = ["node", program, "serve", "--dir", str(folder), "--port", str(port)]
        with suite.program(command, f"http://127.0.0.1:{port}/w_8/photo.jpg"):
            yield f"ipx {package['version']}", lambda ext: ("127.0.0.1", port, f"/w_512/photo.{ext}")


def beside_codecs(folder: Path) -> list[Row]:
    """Measure the time of the core, beside that of the decoder at full size and the encoder alone."""
    return [_codec_row((folder / f"photo.{extension}").read_bytes(), name) for extension, name in FORMATS.items()]


def _codec_row(data: bytes, name: str) -> Row:
    spec = Spec(width=WIDTH)
    small = Image.open(io.BytesIO(thumbnail(data, spec).bytes))
    small.load()
    alone = _best(lambda: _decode_encode(data, small, name))
    all_of_it = _best(lambda: thumbnail(data, spec))
    value = all_of_it / alone
    source = f"{all_of_it * 1000:.1f} ms ÷ {alone * 1000:.1f} ms"
    what = f"thumbnail, {name} 2040×1400 to 512 ÷ Pillow decoding and encoding alone"
    return Row(what, f"{value:.2f}", f"≤ {MOST[name]}", value <= MOST[name], source)


def _decode_encode(data: bytes, small: Image.Image, name: str) -> None:
    Image.open(io.BytesIO(data)).load()
    small.save(io.BytesIO(), name, **ENCODED[name])


def _best(work: Callable[[], object]) -> float:
    """Return the processor's time that *work* takes, the least of several."""
    taken = []
    for _ in range(9):
        began = time.process_time()
        work()
        taken.append(time.process_time() - began)
    return min(taken)


def cached(url: str, turns: Turns) -> Row:
    link = f"{url}/thumbnail/_/rs:fit:64:64/plain/local:///photo.jpg"
    for _ in range(10):
        headers, answer = suite.ask(link, within=5)
        if headers["Cache-Status"] == "mergepoint; hit":
            break
    with suite.static_files(answer) as (static,):
        rates = turns.measure({"link": get(link), "file": get(static)})
    middle, low, high = ratio(rates["link"], rates["file"])
    link_rate, file_rate = (statistics.median(rates[name]) for name in ("link", "file"))
    source = f"{link_rate:,.0f}/s ÷ {file_rate:,.0f}/s; {low:.2f} to {high:.2f}"
    return Row("cached thumbnail of 2 KB ÷ static file", f"{middle:.2f}", "≥ 0.7", middle >= 0.7, source)


def warm() -> Row:
    """Measure the memory of the thumbnail service. Call it after all children have worked."""
    masters = [pid for pid in family(os.getpid()) if b"MERGEPOINT_SERVICE=thumbnail" in _environment(pid)]
    processes = family(masters[0])
    used = sum(map(proportional_set, processes)) / 2**20
    source = f"PSS of {len(processes)} processes, children included, after the load"
    return Row("memory of the thumbnail service", f"{used:.3g} MB", "≤ 160 MB", used <= 160, source)


def _environment(pid: int) -> bytes:
    try:
        return (Path("/proc") / str(pid) / "environ").read_bytes()
    except OSError:
        return b""


def large() -> Row:
    """Measure the peak memory of a process that makes a baseline JPEG of 64 million pixels small."""
    with suite.folder() as folder:
        path = folder / "large.jpg"
        Image.effect_noise((9216, 6912), 40).convert("RGB").save(path, quality=65)
        used = int(_say(sys.executable, "-c", PEAK, str(path))) / 1024
        source = f"{path.stat().st_size / 2**20:.0f} MB to 300 pixels; the whole process, Python too"
    return Row("peak memory for a JPEG of 64 MP", f"{used:.0f} MB", "≤ 250 MB", used <= 250, source)


def _pictures() -> object:
    """Return the module that draws the tests' pictures."""
    specification = importlib.util.spec_from_file_location("drawn", suite.ROOT / "tests/thumbnail/pictures.py")
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def _say(*command: str) -> str:
    try:
        return subprocess.run(command, check=True, capture_output=True, text=True, timeout=300).stdout.strip()
    except (OSError, subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        raise Absent(f"`{command[0]}` failed: {str(getattr(error, 'stderr', error)).strip()[-200:]}") from None
