"""Locations that take raw paths: a mistake in one keeps nginx from starting, and says where it is."""

import os
import pathlib
import subprocess

import pytest

from tests.servers import ROOT

LAB = "location ^~ /lab/ { set $raw_prefix /lab/; }\n"


def rendered(tmp_path: pathlib.Path, **files: str) -> str:
    """Return what `nginx/render` says about these files of applications; nothing if it takes them."""
    folder = tmp_path / "applications"
    folder.mkdir()
    for name, text in files.items():
        (folder / f"{name}.conf").write_text(text)
    environment = os.environ | {"MERGEPOINT_APPLICATIONS": str(folder)}
    done = subprocess.run([ROOT / "nginx/render", tmp_path / "run"], env=environment, capture_output=True, text=True)
    assert (done.returncode == 0) == (done.stderr == "")
    return done.stderr


@pytest.mark.parametrize(
    "other",
    [
        "", "location ^~ /laboratory/ { }", "location = /lab { }", "# location ^~ /lab/x/ { }",
        "location ^~ /x/lab/ { }",
        'location ^~ /x/ { if ($uri ~ "a{2}") { return 404; } }',
    ],
)  # fmt: skip
def test_a_location_with_raw_paths_may_stand_beside_others(tmp_path: pathlib.Path, other: str) -> None:
    assert rendered(tmp_path, lab=LAB, other=other) == ""


@pytest.mark.parametrize(
    "other",
    [
        "location ^~ /lab/admin/ { }", "location /lab/admin { }", "location = /lab/x { }", "location ~ ^/lab/admin { }",
        'location ~* "^/lab/a{2}" { }', "location\n  ^~\n  /lab/admin/\n{ }", "location ~ ^/lab\\/x { }",
    ],
)  # fmt: skip
def test_below_it_there_is_one_policy(tmp_path: pathlib.Path, other: str) -> None:
    said = rendered(tmp_path, lab=LAB, other=other)
    assert "lab.conf: set $raw_prefix /lab/;: below such a location there is one policy" in said
    assert "other.conf has `location" in said


def test_nor_does_one_stand_inside(tmp_path: pathlib.Path) -> None:
    nested = LAB.replace("/lab/; }", '/lab/; if ($x ~ "}") { } location ~ admin { } }')
    assert "there is one policy" in rendered(tmp_path, lab=nested)


@pytest.mark.parametrize("prefix", ["/", "/lab", "lab/", "/lab//", "//lab/", "/l%61b/", "$uri", "''"])
def test_a_prefix_that_is_none_is_refused(tmp_path: pathlib.Path, prefix: str) -> None:
    said = rendered(tmp_path, lab=LAB.replace("$raw_prefix /lab/", f"$raw_prefix {prefix}"))
    assert "is expected" in said or "belongs into" in said


@pytest.mark.parametrize("location", ["/lab/", "= /lab/", "~ ^/lab/", "^~ /other/", "^~ /lab/x/"])
def test_it_is_that_of_its_location(tmp_path: pathlib.Path, location: str) -> None:
    assert "belongs into `location ^~ /lab/`" in rendered(tmp_path, lab=LAB.replace("^~ /lab/", location, 1))
