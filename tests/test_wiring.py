"""One word per service: where a folder is in services/, everything that must know it does, by the same word."""

import pathlib
import re
import shutil
from collections.abc import Iterator

import pytest
import yaml

from tests.servers import ROOT

SHARED = {"kit"}  # in services/, but no service
# What they do needs their database and the request of a caller, so no task has the service's name.
WITHOUT_OWN_TASK = {"auth"}


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
        (f"tests/contract/{name}.json", r'"cases"'),
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
                (f"{package}/web.py", rf'"/{word}"'),
            ]
            if python
            else [(f"services/{name}/Dockerfile", "")]
        ),
    ]
    missing = [f"{path}: {pattern or 'exists'}" for path, pattern in wanted if not _says(root / path, pattern)]
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
    for file in ("README.md", "docker-compose.yml"):
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
