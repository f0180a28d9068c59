"""The laws of the layout: imports run one way, and nothing happens on import."""

import ast
import graphlib
import importlib.util
import pathlib
import subprocess
import sys
import textwrap
from collections.abc import Iterator, Sequence

import pytest

from tests.servers import ROOT

SERVICES = ROOT / "services"
# What knows the kit; everything else in a service is its core. A web face of many paths has a folder for them, routes/.
FACES = {
    "service", "web", "routes", "delivery", "sources", "revalidation", "tasks", "attempts", "deadlines", "options",
    "config", "start", "streams", "provider", "request", "__main__",
    # of jobs: who asks and what they see, the worker, and those who wait
    "identities", "metrics", "representation", "statuses", "performing", "waiting", "worker",
}  # fmt: skip
LIBRARY = "mergepoint.kit.database"  # of the kit: what a core may import as it may import SQLAlchemy
COMPOSERS = {"suite"}  # may import services
# The rooms of a service from top to bottom: folders, and modules beside them. Each imports only from itself and from
# what stands after it; what is not named here is above them all.
ROOMS = {
    "auth": (
        "web",
        "start",
        "streams",
        "routes",
        "request",
        "service",
        "tasks",
        "config",
        "core",
        "mail",
        "backup",
        "access",
        "federation",
        "credentials",
        "sessions",
        "accounts",
        "signing",
        "limits",
        "audit",
        "storage",
        "base64url",
        "errors",
    ),
    "jobs": (
        "web",
        "start",
        "worker",
        "waiting",
        "performing",
        "routes",
        "service",
        "tasks",
        "metrics",
        "representation",
        "statuses",
        "identities",
        "config",
        "engine",
        "core",
        "queue",
        "requests",
        "storage",
        "errors",
    ),
    "htmldiff": ("writing", "matching", "reading", "diff_options", "errors"),
    "thumbnail": (
        "core",
        "pipeline",
        "output",
        "loading",
        "links",
        "codecs",
        "files",
        "pixels",
        "spec",
        "sizes",
        "formats",
        "errors",
    ),
}
HTTP = {"flask", "werkzeug", "gunicorn", "http", "urllib", "requests", "socket", "wsgiref", "pydantic", "structlog"}
ADDRESSES = "urllib.parse"  # RFC 3986, which is not HTTP
STATUS = {301, 302, 304, 400, 401, 403, 404, 405, 408, 409, 413, 414, 415, 422, 429, 431, 502, 503, 504}


class Module:
    """One Python file of a service, and what it imports."""

    def __init__(self, path: pathlib.Path, services: pathlib.Path) -> None:
        self.path = path
        self.service = path.relative_to(services).parts[0]
        package = path.relative_to(services / self.service).with_suffix("").parts
        self.name = ".".join(part for part in package if part != "__init__")
        self.is_core = self.service != "kit" and not FACES & {*package}
        self.tree = ast.parse(path.read_text())
        self._package = package[:-1]

    def imports(self) -> Iterator[str]:
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                base = list(self._package[: len(self._package) - node.level + 1]) if node.level else []
                base += [node.module] if node.module else []
                yield ".".join(base)
                yield from (".".join([*base, alias.name]) for alias in node.names)

    def room(self, name: str) -> int:
        """Return on which floor of this service the module *name* is: 0 on top, higher numbers below."""
        rooms = ROOMS.get(self.service, ())
        inner = name.removeprefix(f"mergepoint.{self.service}").removeprefix(".").partition(".")[0]
        return rooms.index(inner) + 1 if inner in rooms else 0

    def numbers(self) -> set[int]:
        constants = (node.value for node in ast.walk(self.tree) if isinstance(node, ast.Constant))
        return {value for value in constants if type(value) is int}


def modules(services: pathlib.Path) -> list[Module]:
    return [Module(path, services) for path in sorted(services.glob("*/mergepoint/**/*.py"))]


def broken_laws(services: pathlib.Path) -> list[str]:
    """Return a sentence for every law that a file under *services* breaks."""
    broken = []
    for module in modules(services):
        for name in module.imports():
            top, _, rest = name.partition(".")
            other = rest.partition(".")[0] if top == "mergepoint" else ""
            is_library = f"{name}.".startswith(f"{LIBRARY}.")
            if other == module.service:
                if module.is_core and FACES & {*rest.split(".")}:
                    broken.append(f"{module.name}: a core imports {name}")
                # `from ..files import gif` names the service's package first, which is no room.
                if rest.count(".") and module.room(name) < module.room(module.name):
                    broken.append(f"{module.name}: a room imports {name}, which is above it")
            elif other and module.service == "kit":
                broken.append(f"{module.name}: the kit imports {name}")
            elif other == "kit" and module.is_core and not is_library and module.service not in COMPOSERS:
                broken.append(f"{module.name}: a core imports {name}")
            elif other and other != "kit" and module.service not in COMPOSERS:
                broken.append(f"{module.name}: a service imports {name}")
            is_http = top in HTTP and not f"{name}.".startswith(f"{ADDRESSES}.")
            if module.is_core and is_http and module.service not in COMPOSERS:
                broken.append(f"{module.name}: a core knows {name}")
        if module.is_core and (numbers := module.numbers() & STATUS):
            broken.append(f"{module.name}: a core knows the status numbers {sorted(numbers)}")
    return broken


def circle(services: pathlib.Path) -> list[str]:
    """Return the names of modules that import each other in a circle; none if there is no circle."""
    found = modules(services)
    names = {module.name for module in found}
    # `from . import trees` names the package too, whose __init__ is there before any module of it.
    graph = {
        module.name: {name for name in names & {*module.imports()} if not f"{module.name}.".startswith(f"{name}.")}
        for module in found
    }
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        return [str(name) for name in error.args[1]]
    return []


def test_no_modules_import_each_other_in_a_circle() -> None:
    assert circle(SERVICES) == []


def test_a_circle_of_imports_is_named(tmp_path: pathlib.Path) -> None:
    folder = tmp_path / "diff/mergepoint/diff"
    folder.mkdir(parents=True)
    (folder / "trees.py").write_text("from .marks import Mark")
    (folder / "marks.py").write_text("def f():\n    from . import trees")
    assert {*circle(tmp_path)} == {"mergepoint.diff.trees", "mergepoint.diff.marks"}


def test_every_room_is_there_and_says_what_it_does_not_know() -> None:
    for service, rooms in ROOMS.items():
        folder = SERVICES / service / "mergepoint" / service
        assert {path.parent.name for path in folder.glob("[!_]*/*.py")} <= {*rooms}
        for room in rooms:
            if not (folder / f"{room}.py").exists():
                assert "not know" in (ast.get_docstring(ast.parse((folder / room / "__init__.py").read_text())) or "")


def test_imports_run_one_way_and_cores_know_no_http() -> None:
    assert modules(SERVICES)
    assert broken_laws(SERVICES) == []


@pytest.mark.parametrize(
    ("path", "text", "law"),
    [
        ("diff/mergepoint/diff/core.py", "from mergepoint.kit.problems import Problem", "a core imports"),
        ("diff/mergepoint/diff/core.py", "from .web import create_app", "a core imports"),
        ("diff/mergepoint/diff/core.py", "from . import tasks", "a core imports"),
        ("diff/mergepoint/diff/deep/tree.py", "from ..options import DiffOptions", "a core imports"),
        ("diff/mergepoint/diff/core.py", "def f():\n    import flask", "a core knows flask"),
        ("diff/mergepoint/diff/core.py", "from http import HTTPStatus", "a core knows http"),
        ("diff/mergepoint/diff/core.py", "from urllib.request import urlopen", "a core knows urllib.request"),
        ("diff/mergepoint/diff/core.py", "status = 422", "status numbers [422]"),
        ("diff/mergepoint/diff/web.py", "from mergepoint.highlight import highlight", "a service imports"),
        ("diff/mergepoint/diff/tasks.py", "import mergepoint.highlight.core", "a service imports"),
        ("thumbnail/mergepoint/thumbnail/pixels/a.py", "from ..files import gif", "a room imports"),
        ("thumbnail/mergepoint/thumbnail/files/a.py", "from ..codecs.png import write", "a room imports"),
        ("thumbnail/mergepoint/thumbnail/files/a.py", "from ..core import thumbnail", "a room imports"),
        ("thumbnail/mergepoint/thumbnail/spec.py", "from .pixels.scaling import Box", "a room imports"),
        ("thumbnail/mergepoint/thumbnail/pixels/a.py", "from ..links.sources import Sources", "a core imports"),
        ("kit/mergepoint/kit/web.py", "from mergepoint.highlight import highlight", "the kit imports"),
        ("htmldiff/mergepoint/htmldiff/errors.py", "from .reading.limits import check", "a room imports"),
        ("htmldiff/mergepoint/htmldiff/reading/tree.py", "from ..matching.script import Keep", "a room imports"),
        ("htmldiff/mergepoint/htmldiff/reading/tree.py", "from .. import writing", "a room imports"),
        (
            "htmldiff/mergepoint/htmldiff/matching/merge.py",
            "import mergepoint.htmldiff.writing",
            "a room imports",
        ),
        ("htmldiff/mergepoint/htmldiff/writing/page.py", "from ..core import compare", "a room imports"),
        ("auth/mergepoint/auth/accounts/user.py", "from ..sessions.sessions import Sessions", "a room imports"),
        ("auth/mergepoint/auth/credentials/login.py", "from ..federation import flows", "a room imports"),
        ("auth/mergepoint/auth/access/gate.py", "from ..core import Auth", "a room imports"),
        ("jobs/mergepoint/jobs/storage/writer.py", "from ..queue.job import Job", "a room imports"),
        ("jobs/mergepoint/jobs/core.py", "from mergepoint.kit.web import base_app", "a core imports"),
    ],
)
def test_a_broken_law_is_told(path: str, text: str, law: str, tmp_path: pathlib.Path) -> None:
    (tmp_path / path).parent.mkdir(parents=True)
    (tmp_path / path).write_text(text)
    assert law in " ".join(broken_laws(tmp_path))


def test_what_is_allowed_is_not_told(tmp_path: pathlib.Path) -> None:
    folder = tmp_path / "diff/mergepoint/diff"
    folder.mkdir(parents=True)
    (folder / "core.py").write_text(
        "import lxml\nfrom mergepoint.kit.database import store\n"
        "from urllib.parse import urljoin\nfrom . import trees\nfrom .trees import Tree"
    )
    (folder / "web.py").write_text("from mergepoint.kit.web import base_app\nfrom .tasks import TASKS\nstatus = 422")
    writing = tmp_path / "htmldiff/mergepoint/htmldiff/writing"
    writing.mkdir(parents=True)
    (writing / "render.py").write_text(
        "from .. import errors\nfrom ..reading.tree import Block\nfrom ..matching import script\nfrom . import marks"
    )
    (writing.parent / "core.py").write_text("from .writing.render import render\nfrom .errors import BadOption")
    composer = tmp_path / "suite/mergepoint/suite"
    composer.mkdir(parents=True)
    (composer / "app.py").write_text("from mergepoint.diff.web import create_app\nfrom mergepoint.kit import web")
    assert broken_laws(tmp_path) == []


# Imports of others come first, so that what they do is not counted; then each of ours, watched.
WATCH = """
import importlib, os, sys, threading

others, ours = sys.argv[1].split(), sys.argv[2].split()
for name in others:
    try:
        importlib.import_module(name)
    except ImportError:
        pass

seen = []
EVENTS = ("socket.", "os.fork", "os.exec", "os.posix_spawn", "os.putenv", "os.mkdir", "subprocess.", "tempfile.")
OF_LIBRARIES = {"PYDANTIC_DISABLE_PLUGINS"}  # asked for at the first model

def audit(event, arguments):
    if watching and event.startswith(EVENTS):
        seen.append(f"{watching}: {event}")
    if watching and event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+"):
        seen.append(f"{watching}: writes {arguments[0]}")

class Environment(dict):
    def _note(self, *arguments):
        if arguments[:1] and arguments[0] not in OF_LIBRARIES:
            seen.append(f"{watching}: reads {arguments[0]} in the environment")
    def __getitem__(self, name): self._note(name); return super().__getitem__(name)
    def get(self, name, default=None): self._note(name); return super().get(name, default)
    def __contains__(self, name): self._note(name); return super().__contains__(name)
    def __iter__(self): self._note("everything"); return super().__iter__()
    def items(self): self._note("everything"); return super().items()

def start(thread):
    seen.append(f"{watching}: starts a thread")

watching = ""
sys.addaudithook(audit)
threading.Thread.start = start
sys.dont_write_bytecode = True
os.environ = Environment(os.environ)
for watching in ours:
    importlib.import_module(watching)
print("\\n".join(seen))
"""


def happenings(services: pathlib.Path) -> list[str]:
    """Return what importing each module under *services* does beside importing."""
    found = modules(services)
    scripts = {"migrations"}  # for Alembic to run, not to import
    mine = [module for module in found if not scripts & {*module.path.parts}]
    ours = [module.name for module in mine if not module.path.stem.startswith("gunicorn")]
    others = sorted({name for module in found for name in module.imports() if not name.startswith("mergepoint")})
    done = subprocess.run(
        [sys.executable, "-c", WATCH, " ".join(others), " ".join(ours)],
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": ":".join(map(str, services.glob("*/")))},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split("\n")[:-1] if done.stdout.strip() else []


def test_nothing_happens_on_import() -> None:
    assert happenings(SERVICES) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("import socket; socket.socket()", "socket.__new__"),
        ("import os; os.environ.get('HOME')", "in the environment"),
        ("import os; home = os.getenv('HOME')", "in the environment"),
        ("import os; home = os.environ['PATH']", "in the environment"),
        ("import threading; threading.Thread(target=print).start()", "starts a thread"),
        ("import subprocess; subprocess.run(['true'])", "subprocess.Popen"),
        ("import os; os.fork() or os._exit(0)", "os.fork"),
        ("open('/dev/null', 'w').close()", "writes /dev/null"),
    ],
)
def test_what_happens_on_import_is_told(text: str, said: str, tmp_path: pathlib.Path) -> None:
    folder = tmp_path / "diff/mergepoint/diff"
    folder.mkdir(parents=True)
    (folder / "core.py").write_text(text)
    assert said in " ".join(happenings(tmp_path))


def others_imported(service: str, libraries: Sequence[str], script: str, tmp_path: pathlib.Path) -> str:
    """Return what else *script* imports as after ``pip install ./services/<service>``: with *libraries* only."""
    (tmp_path / "mergepoint").mkdir()
    (tmp_path / "mergepoint" / service).symlink_to(SERVICES / service / "mergepoint" / service)
    for name in libraries:
        folder = importlib.util.find_spec(name).submodule_search_locations[0]
        (tmp_path / name).symlink_to(folder)
    script = f"""import sys; sys.path.insert(0, {str(tmp_path)!r})
{textwrap.dedent(script)}
known = {{*sys.stdlib_module_names, *{list(libraries)!r}, "mergepoint", "__main__"}}
others = sorted({{name.partition(".")[0] for name in sys.modules}} - known)
print([name for name in others if "cython" not in name])  # what compiled libraries make in memory
"""
    command = [sys.executable, "-S", "-P", "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, env={})
    return done.stdout + done.stderr


def test_the_bare_highlight_needs_pygments_only(tmp_path: pathlib.Path) -> None:
    script = """
        from mergepoint.highlight import FORMATS, guess, highlight, languages, styles, stylesheet
        from mergepoint.highlight.drawing import PngUnavailable
        assert highlight("x = 1", language="python").text.startswith('<div class="highlight">')
        for name in FORMATS:
            try:
                assert highlight("x = 1", language="python", format=name).content
            except PngUnavailable:
                assert name == "png"
        assert guess("#!/usr/bin/python") and languages() and styles() and stylesheet("monokai", dark="vim")
    """
    assert others_imported("highlight", ["pygments"], script, tmp_path) == "[]\n"


def test_the_bare_htmldiff_needs_its_four_libraries_only(tmp_path: pathlib.Path) -> None:
    script = """
        from mergepoint.htmldiff import annotate, apply, compare, diff, render_html_diff
        assert render_html_diff("a", "我喜欢", page=True) and diff("ab", "b") and compare("a", "<b>a").changes
        assert apply("a", "b", accept=[1]) == "b" and annotate([{"label": "l", "html": "<p>"}]).html
    """
    libraries = ["icu4py", "nh3", "rapidfuzz", "selectolax"]
    assert others_imported("htmldiff", libraries, script, tmp_path) == "[]\n"


def test_the_bare_thumbnail_needs_its_five_libraries_only(tmp_path: pathlib.Path) -> None:
    script = """
        from mergepoint.thumbnail import Spec, thumbnail
        from mergepoint.thumbnail.warmup import SAMPLE, warm_up
        assert thumbnail(SAMPLE, Spec(width=1)).type == "image/gif"
        warm_up()
    """
    assert others_imported("thumbnail", ["PIL", "isal", "kornia_rs", "numpy", "simplejpeg"], script, tmp_path) == "[]\n"


DESCRIBED = sorted({path.parent.name for path in SERVICES.glob("*/mergepoint/*/service.py")} - {"kit"})


@pytest.mark.parametrize("service", DESCRIBED)
def test_a_service_can_be_described_and_called_without_a_framework(service: str) -> None:
    script = f"""
        import sys
        from mergepoint.kit.config import defaults, settings_of
        from mergepoint.kit.service import find
        described = find("{service}")(defaults(settings_of("{service}")))
        assert described.name == "{service}" and described.functions.keys() == described.tasks.keys()
        print(sorted({{"flask", "gunicorn", "jinja2"}} & {{*sys.modules}}))
    """
    command = [sys.executable, "-c", textwrap.dedent(script)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("[]\n", "")
