"""One word per service: where a folder is in services/, everything that must know it does, by the same word."""

import os
import pathlib
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator

import pytest
import yaml

from tests.servers import ROOT

SHARED = {"kit"}  # in services/, but no service
# What they do needs their database and the request of a caller, so no task has the service's name.
WITHOUT_OWN_TASK = {"auth", "jobs"}


def services(root: pathlib.Path) -> list[str]:
    folders = (path.name for path in (root / "services").iterdir() if (path / "README.md").is_file())
    return sorted(set(folders) - SHARED)


def forgotten(root: pathlib.Path, name: str) -> list[str]:
    """Return what does not know the service *name* yet, each as a place and what is missing there."""
    word = re.escape(name)
    package = f"services/{name}/mergepoint/{name}"
    python = (root / "services" / name / "pyproject.toml").is_file()
    wanted = [
        (f"services/{name}/README.md", rf"^# {word}$"),
        ("README.md", rf"^\| {word} \|.*\(services/{word}/README\.md\)"),
        ("nginx/upstreams.conf", rf"^upstream {word} \{{\n[^\n]*/{word}\.sock"),
        ("nginx/upstreams.conf", rf"^map \$http_mergepoint_service \$upstream \{{[^}}]*^ +{word} {word};"),
        ("nginx/upstreams.compose.conf", rf"^map \$http_mergepoint_service \$upstream \{{[^}}]*^ +{word} {word}:8000;"),
        (f"nginx/services/{name}.conf", rf"^location [=~^]* ?/{word}\b"),
        (f"nginx/services/{name}.conf", rf"set \$service +{word};"),
        ("nginx/static/docs.html", rf'"/{word}/docs"'),
        ("CHANGELOG.md", rf"\*\*{word}\*\*"),
        (f"tests/contract/{name}.json", r'"cases"'),
        (f"tests/{name}/cases.py", r"^CASES\b"),
        (f"tests/{name}/calls.py", r"^def request_of\("),
        ("clients/python/mergepoint/client/client.py", rf"^    def {word}\("),
        ("clients/ruby/lib/mergepoint/client.rb", rf"^    def {word}\b"),
        ("clients/ruby/sig/mergepoint.rbs", rf"\bdef {word}:"),
        ("clients/shell/mergepoint", rf"^mergepoint {word} "),
        *(
            [
                (f"services/{name}/pyproject.toml", rf'^name = "mergepoint-{word}"$'),
                (f"services/{name}/requirements.txt", r"--hash=sha256:"),
                (f"{package}/__init__.py", ""),
                (f"{package}/config.py", rf'env_prefix="{word}_"'),
                (f"{package}/service.py", rf'(?:name=|Service\(\s*)"{word}"'),
                (f"{package}/service.py", r'"\w+": ' if name in WITHOUT_OWN_TASK else rf'"{word}": \w'),
                (f"{package}/**/*.py", rf'"/{word}"'),  # a path of it, in web.py or routes/
            ]
            if python
            else [(f"services/{name}/Dockerfile", "")]
        ),
    ]
    missing = [
        f"{path}: {pattern or 'exists'}"
        for path, pattern in wanted
        if not any(_says(file, pattern) for file in root.glob(path))
    ]
    return missing + list(_tests(root, name)) + list(_compose(root, name)) + list(_variables(root, name))


def _says(path: pathlib.Path, pattern: str) -> bool:
    return path.is_file() and re.search(pattern, path.read_text(), re.MULTILINE) is not None


def _tests(root: pathlib.Path, name: str) -> Iterator[str]:
    if not list((root / "tests" / name).glob("test_*.py")):
        yield f"tests/{name}/: tests"


def _compose(root: pathlib.Path, name: str) -> Iterator[str]:
    path = root / "docker-compose.yml"
    entries = yaml.safe_load(path.read_text())["services"] if path.is_file() else {}
    if name not in entries:
        yield f"docker-compose.yml: an entry {name}"
    elif entries[name]["build"].get("args", {}).get("SERVICE", name) != name:
        yield f"docker-compose.yml: {name} is built from another service"
    elif entries[name].get("ports"):
        yield f"docker-compose.yml: {name} publishes a port"


def _variables(root: pathlib.Path, name: str) -> Iterator[str]:
    """Every setting is told in the README with its default, and is passed on by compose."""
    config = root / f"services/{name}/mergepoint/{name}/config.py"
    readme = root / f"services/{name}/README.md"
    compose = root / "docker-compose.yml"
    fields = re.findall(r"^    (\w+): \w+ = ", config.read_text(), re.MULTILINE) if config.is_file() else []
    for field in fields:
        variable = f"{name}_{field}".upper()
        if not _says(readme, rf"^\| `{variable}` \|"):
            yield f"services/{name}/README.md: the setting {variable}"
        if not _says(compose, rf"^ +{variable}:"):
            yield f"docker-compose.yml: the setting {variable}"


@pytest.mark.parametrize("name", services(ROOT))
def test_everything_knows_the_service(name: str) -> None:
    assert forgotten(ROOT, name) == []


def test_there_are_services() -> None:
    assert "highlight" in services(ROOT)


def test_nothing_knows_a_service_that_is_not_there() -> None:
    known = {path.stem for path in (ROOT / "nginx/services").glob("*.conf")}
    known |= {path.stem for path in (ROOT / "tests/contract").glob("*.json")}
    assert known <= set(services(ROOT))


@pytest.fixture
def copy(tmp_path: pathlib.Path) -> pathlib.Path:
    """The repository's text files, to forget something in."""
    for folder in ("services", "nginx", "clients", "tests"):
        ignore = shutil.ignore_patterns("__pycache__", "*.egg-info", "node_modules", ".*")
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=ignore)
    for file in ("README.md", "docker-compose.yml", "CHANGELOG.md"):
        shutil.copy(ROOT / file, tmp_path / file)
    return tmp_path


@pytest.mark.parametrize(
    "place",
    [
        "README.md", "docker-compose.yml", "nginx/upstreams.conf", "nginx/upstreams.compose.conf",
        "nginx/services/highlight.conf", "tests/contract/highlight.json", "services/highlight/requirements.txt",
        "clients/python/mergepoint/client/client.py", "clients/ruby/lib/mergepoint/client.rb",
        "clients/shell/mergepoint",
        "services/highlight/mergepoint/highlight/service.py", "services/highlight/mergepoint/highlight/config.py",
    ],
)  # fmt: skip
def test_what_was_forgotten_is_named(place: str, copy: pathlib.Path) -> None:
    text = (copy / place).read_text()
    (copy / place).write_text(re.sub(r"highlight|sha256|\"cases\"", "elsewhere", text))
    assert any(missing.startswith(f"{place}: ") for missing in forgotten(copy, "highlight"))


@pytest.mark.parametrize("place", ["nginx/services/highlight.conf", "tests/highlight", "docker-compose.yml"])
def test_what_is_not_there_is_named(place: str, copy: pathlib.Path) -> None:
    path = copy / place
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    assert any(missing.startswith(place) for missing in forgotten(copy, "highlight"))


# A service that counts words: what a service needs in its own folders, and the lines that others need to know it.
OWN = {
    "services/wordcount/README.md": "# wordcount\n\n| `WORDCOUNT_MAX_BYTES` | 1000 |\n",
    "services/wordcount/pyproject.toml": '[project]\nname = "mergepoint-wordcount"\n',
    "services/wordcount/requirements.txt": "flask==1 --hash=sha256:0\n",
    "services/wordcount/mergepoint/wordcount/__init__.py": "",
    "services/wordcount/mergepoint/wordcount/config.py": """
from mergepoint.kit.config import ServiceSettings, SettingsConfigDict


class Settings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="wordcount_")

    max_bytes: int = 1000
""",
    "services/wordcount/mergepoint/wordcount/tasks.py": """
from pydantic import Field

from mergepoint.kit.dispatch import Answer
from mergepoint.kit.options import Options


class WordcountOptions(Options):
    text: str = Field(json_schema_extra={"content": True})


def wordcount(options: WordcountOptions) -> Answer:
    return Answer.json({"words": len(options.text.split())})
""",
    "services/wordcount/mergepoint/wordcount/service.py": """
from mergepoint.kit.service import Service, Task

from . import tasks
from .config import Settings


def describe(settings: Settings) -> Service:
    return Service("wordcount", "1", {}, tasks={"wordcount": Task(tasks.wordcount)}, max_bytes=settings.max_bytes)
""",
    "services/wordcount/mergepoint/wordcount/web.py": """
from flask import Flask, Response, request

from mergepoint.kit.config import load
from mergepoint.kit.web import caching
from mergepoint.kit.web.body import read_options
from mergepoint.kit.web.pure import PURE, PureTasks, pure_app

from .config import Settings
from .service import describe
from .tasks import WordcountOptions


def create_app() -> Flask:
    running = describe(load(Settings)).start()
    app, pure = pure_app(running), PureTasks(running)

    @app.route("/wordcount", methods=PURE)
    def wordcount() -> Response:
        return pure.answer(request, "wordcount", read_options(WordcountOptions, request), caching.fresh_for(30))

    return app
""",
    "tests/wordcount/test_core.py": "",
    "tests/wordcount/cases.py": "CASES = []\n",
    "tests/wordcount/calls.py": "def request_of(case): ...\n",
}
ADDED = {
    "nginx/services/wordcount.conf": "location = /wordcount {\n    set $service wordcount;\n}\n",
    "tests/contract/wordcount.json": '{"cases": []}\n',
}
CHANGED = {  # by file: what stands there, and what is put before it
    "README.md": ("| htmldiff |", "| wordcount | words | [services/wordcount](services/wordcount/README.md) |\n"),
    "CHANGELOG.md": ("- **htmldiff**", "- **wordcount**: words.\n"),
    "docker-compose.yml": ("  htmldiff:\n", """  wordcount:
    <<: *service
    build: {context: services, args: {SERVICE: wordcount}}
    environment:
      WORDCOUNT_MAX_BYTES:

"""),
    "nginx/static/docs.html": ("        </tbody>", '<tr><td><a href="/wordcount/docs">'),
    "clients/python/mergepoint/client/client.py": ("    def htmldiff(", "    def wordcount(self): ...\n\n"),
    "clients/ruby/lib/mergepoint/client.rb": ("    def htmldiff(", "    def wordcount(text) = nil\n\n"),
    "clients/ruby/sig/mergepoint.rbs": ("    def htmldiff:", "    def wordcount: (String text) -> untyped\n\n"),
    "clients/shell/mergepoint": ("mergepoint highlight [", "mergepoint wordcount FILE\n"),
}  # fmt: skip
MOST_CHANGED = 12


def add_wordcount(root: pathlib.Path) -> list[str]:
    """Add the service to the repository at *root*; return the files that are new or changed outside its own folders."""
    for name, text in {**OWN, **ADDED}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    for name, (place, line) in CHANGED.items():
        before, found, after = (root / name).read_text().partition(place)
        assert found, name
        (root / name).write_text(before + line + found + after)
    for name, upstream in (("upstreams", "wordcount"), ("upstreams.compose", "wordcount:8000")):
        path = root / f"nginx/{name}.conf"
        text = re.sub(
            r"^( +)highlight +highlight\S*;", rf"\g<0>\n\1wordcount {upstream};", path.read_text(), flags=re.M
        )
        path.write_text(f"upstream wordcount {{\n    server unix:/run/wordcount.sock;\n}}\n\n{text}")
    return [*ADDED, *CHANGED, "nginx/upstreams.conf", "nginx/upstreams.compose.conf"]


def test_a_fifth_service_changes_few_other_files(copy: pathlib.Path) -> None:
    others = add_wordcount(copy)
    assert forgotten(copy, "wordcount") == []
    assert len(others) <= MOST_CHANGED
    for name in others:  # each is needed
        text = (copy / name).read_text()
        (copy / name).write_text((ROOT / name).read_text() if (ROOT / name).exists() else "")
        assert forgotten(copy, "wordcount"), name
        (copy / name).write_text(text)


def test_it_then_works_by_its_command_line_and_by_http(copy: pathlib.Path) -> None:
    add_wordcount(copy)
    call = (
        "import sys; from mergepoint.wordcount.web import create_app; "
        "sys.stdout.buffer.write(create_app().test_client().post('/wordcount', data=sys.stdin.buffer.read()).data)"
    )
    environment = {**os.environ, "PYTHONPATH": str(copy / "services/wordcount")}
    for command in (["-m", "mergepoint.kit.cli", "wordcount"], ["-c", call]):
        done = subprocess.run(
            [sys.executable, *command], input=b"a b c", capture_output=True, env=environment, timeout=60
        )
        assert done.stdout == b'{"words": 3}', done.stderr.decode()
