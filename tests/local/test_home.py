"""Each checkout has accounts of its own; those that all shared are taken over once."""

import pathlib

import pytest
from runner import home

from mergepoint.kit import state


@pytest.fixture(autouse=True)
def states(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state/mergepoint"


def checkout(path: pathlib.Path) -> pathlib.Path:
    path.mkdir(parents=True)
    return path


def test_two_checkouts_of_one_name_have_a_folder_each(tmp_path: pathlib.Path, states: pathlib.Path) -> None:
    folders = {home.open_folder(checkout(tmp_path / place / "mergepoint")) for place in "ab"}
    assert len(folders) == 2
    assert all(folder.parent == states and folder.name.startswith("mergepoint-") for folder in folders)
    assert all(folder.stat().st_mode & 0o077 == 0 for folder in folders)


def test_a_checkout_has_one_folder_however_one_gets_there(tmp_path: pathlib.Path) -> None:
    real = checkout(tmp_path / "real")
    (tmp_path / "link").symlink_to(real)
    assert home.open_folder(tmp_path / "link") == home.open_folder(real)


def test_the_first_checkout_takes_over_what_all_shared(tmp_path: pathlib.Path, states: pathlib.Path) -> None:
    shared = states / "auth"
    shared.mkdir(parents=True)
    (shared / "auth.db").write_text("accounts")
    first, second = (home.open_folder(checkout(tmp_path / name)) for name in ("first", "second"))
    assert home.take_over(first) == shared
    assert (first / "auth/auth.db").read_text() == "accounts"
    assert home.take_over(first) is None
    assert home.take_over(second) is None
    assert not (second / "auth").exists()


def test_a_checkout_with_accounts_takes_nothing_over(tmp_path: pathlib.Path, states: pathlib.Path) -> None:
    (states / "auth").mkdir(parents=True)
    own = home.open_folder(checkout(tmp_path / "own"))
    (own / "auth").mkdir()
    assert home.take_over(own) is None
    assert (states / "auth").exists()


def test_what_is_in_use_is_not_taken_over(tmp_path: pathlib.Path, states: pathlib.Path) -> None:
    (states / "auth").mkdir(parents=True)
    with (states / "auth/auth.db").open("w"), pytest.raises(SystemExit, match=r"process \d+ uses it"):
        home.take_over(home.open_folder(checkout(tmp_path / "one")))
    assert (states / "auth/auth.db").exists()


def test_a_place_that_cannot_be_is_named(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    with pytest.raises(SystemExit, match="XDG_STATE_HOME"):
        home.open_folder(tmp_path)


def test_a_relative_place_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "state")
    monkeypatch.setenv("HOME", "/home/ada")
    assert state.home() == pathlib.Path("/home/ada/.local/state/mergepoint")
