"""`make up` warns of misspelt names, which no container ever sees."""

import pathlib
import subprocess
import sys

from tests.servers import ROOT


def test_names_that_no_setting_has_are_told_from_the_environment_and_the_file(tmp_path: pathlib.Path) -> None:
    lines = "THUMBNAIL_KEY=1\nexport AUTH_MAILFROM=2\n# AUTH_X=3\nHIGHLIGHT_WORKERS=2\nOTHER_NAME=1\n"
    (tmp_path / ".env").write_text(lines)
    said = subprocess.run(
        [sys.executable, ROOT / "deploy/local/names.py"],
        env={"PATH": "/usr/bin:/bin", "TRUSTED_PROXY": "x", "MERGEPOINT_API_KEY": "x", "MERGEPOINT_APPLICATIONS": "/x"},
        cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert said.stderr.splitlines() == [
        "warning: AUTH_MAILFROM: there is no such setting; the nearest is AUTH_MAIL_FROM",
        "warning: THUMBNAIL_KEY: there is no such setting; the nearest is THUMBNAIL_KEYS",
        "warning: TRUSTED_PROXY: there is no such setting; the nearest is TRUSTED_PROXIES",
    ]
