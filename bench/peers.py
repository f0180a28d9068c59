"""Other highlighters behind other servers, on the same cores and text. A missing one raises Absent with the reason."""

import contextlib
import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

from load import post_fresh
from suite import HERE, folder, free_port, program

HIGHLIGHT_JS = "highlight.js@11"
PRISM_AND_SHIKI = "prismjs@1", "shiki@4"


class Absent(Exception):
    """This peer cannot be run here."""


@contextlib.contextmanager
def highlight_js(text: Path, processes: int) -> Iterator[tuple[str, Callable[[float], float]]]:
    """Yield its name with versions, and the function that measures it."""
    need("node", "npm")
    with folder() as path:
        install(path, HIGHLIGHT_JS)
        version = json.loads((path / "node_modules/highlight.js/package.json").read_text())["version"]
        shutil.copy(HERE / "peers/hljs.js", path)  # Node looks for packages beside the program
        with _served(text, lambda port: ["node", str(path / "hljs.js"), port, str(processes)]) as measure:
            yield f"highlight.js {version} on Node {say('node', '--version').lstrip('v')}", measure


@contextlib.contextmanager
def rouge(text: Path, processes: int) -> Iterator[tuple[str, Callable[[float], float]]]:
    need("ruby", "puma")
    versions = say("ruby", "-rrouge", "-e", "print Rouge.version, ' on Ruby ', RUBY_VERSION")
    command = ["puma", "--quiet", "-e", "production", "-w", str(processes), "-b"]
    with _served(text, lambda port: [*command, f"tcp://127.0.0.1:{port}", "peers/rouge.ru"]) as measure:
        yield f"Rouge {versions}", measure


def loops(text: str) -> dict[str, float]:
    """Return the seconds that Rouge, highlight.js, Prism and Shiki take for *text* in a loop, by name with version."""
    need("node", "npm", "ruby")
    with folder() as path:
        install(path, HIGHLIGHT_JS, *PRISM_AND_SHIKI)
        (path / "text").write_text(text)
        shutil.copy(HERE / "peers/loop.mjs", path)
        said = say("ruby", str(HERE / "peers/loop.rb"), str(path / "text"))
        said += "\n" + say("node", "loop.mjs", "text", folder=path)
    return {name: float(seconds) for name, _, seconds in (line.partition("\t") for line in said.splitlines())}


@contextlib.contextmanager
def _served(text: Path, command: Callable[[str], list[str]]) -> Iterator[Callable[[float], float]]:
    port = free_port()
    url = f"http://127.0.0.1:{port}/"
    with program(command(str(port)), url, text.read_bytes()):
        yield post_fresh(url, text)


def need(*names: str) -> None:
    for name in names:
        if not shutil.which(name):
            raise Absent(f"no {name} here")


def install(path: Path, *packages: str) -> None:
    say("npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(path), *packages)


def say(*command: str, folder: Path | None = None) -> str:
    try:
        said = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60, cwd=folder)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        raise Absent(f"`{command[0]}` failed: {str(error.stderr).strip()[-200:]}") from None
    return said.stdout.strip()
