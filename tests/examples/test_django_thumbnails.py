"""examples/django_thumbnails: the template tag, with the library and with the service."""

import json
import os
import pathlib
import subprocess
import sys

import pytest

from tests.servers import ROOT
from tests.suite.running import Command
from tests.thumbnail import pictures

EXAMPLE = ROOT / "examples" / "django_thumbnails"
SCRIPT = """
import json, sys
import django
from django.conf import settings
folder, service = sys.argv[1:]
settings.configure(
    INSTALLED_APPS=["thumbnails"], MEDIA_ROOT=folder, MEDIA_URL="/media/", USE_TZ=True,
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}],
    **({"THUMBNAILS_SERVICE": service} if service else {}),
)
django.setup()
from django.template import engines
template = engines["django"].from_string(
    '{% load thumbnails %}{% thumbnail picture width=20 %}|{% thumbnail picture width=20 height=20 fit="cover" %}|'
    '{% thumbnail nothing width=20 %}'
)
said = template.render({"picture": "flag.png", "nothing": ""})
assert said == template.render({"picture": "flag.png", "nothing": ""})
print(json.dumps([said.split("|"), "mergepoint.thumbnail" in sys.modules, "mergepoint.client" in sys.modules]))
"""


def render(folder: pathlib.Path, service: str) -> tuple[list[str], bool, bool]:
    environment = {**os.environ, "PYTHONPATH": str(EXAMPLE)}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(folder), service],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    said: tuple[list[str], bool, bool] = json.loads(done.stdout)
    return said


def test_the_tag_gives_the_same_picture_by_the_library_and_by_the_service(
    tmp_path: pathlib.Path, one_process: Command
) -> None:
    made = {}
    for how, service in (("library", ""), ("service", one_process.url)):
        folder = tmp_path / how
        folder.mkdir()
        (folder / "flag.png").write_bytes(pictures.file(pictures.flag(64, 48), "PNG"))
        os.utime(folder / "flag.png", (1, 1))
        [small, square, nothing], library, client = render(folder, service)
        assert (library, client, nothing) == (not service, bool(service), "")
        assert small.startswith("/media/thumbnails/")
        assert len([*(folder / "thumbnails").iterdir()]) == 2  # made once
        files = [(folder / url.removeprefix("/media/")).read_bytes() for url in (small, square)]
        made[how] = files
    assert made["library"] == made["service"]


def test_the_library_does_not_know_django() -> None:
    for path in (ROOT / "services/thumbnail").rglob("*.py"):
        assert "django" not in path.read_text().lower(), path


@pytest.mark.parametrize("word", ["# Thumbnails for Django", "## What is lost"])
def test_the_readme_begins_with_what_it_shows_and_ends_with_what_is_lost(word: str) -> None:
    headings = [line for line in (EXAMPLE / "README.md").read_text().splitlines() if line.startswith("#")]
    assert word in (headings[0], headings[-1])
