"""Names: those of Pygments, of highlight.js, Prism, Shiki and Linguist, in whatever case, and the nearest one."""

import json
from importlib.resources import files

import pytest
from flask.testing import FlaskClient
from pygments.lexers import find_lexer_class_by_name, get_all_lexers

from mergepoint.highlight import UnknownLanguage, lexers, names
from tests.calls import calls

ISSUED = {
    "plaintext": "text", "txt": "text", "plain": "text", "none": "text", "patch": "diff", "cmd": "batch",
    "kt": "kotlin", "kts": "kotlin", "mjs": "javascript", "cjs": "javascript", "cc": "cpp", "hpp": "cpp", "h": "c",
    "jsonc": "json", "jsonl": "json", "gql": "graphql", "vb": "vb.net", "shellsession": "console", "vimscript": "vim",
    "wasm": "wast", "objective-cpp": "objective-c++", "ps": "powershell", "fs": "fsharp", "ml": "ocaml", "svg": "xml",
    "rss": "xml", "r": "r", "R": "r", "KT": "kotlin", "PlainText": "text", "golang": "go", "c#": "csharp",
    "f#": "fsharp",
    "c++": "cpp", "objectivec": "objective-c", "viml": "vim", "zsh": "bash", "typescriptreact": "tsx", "yml": "yaml",
}  # fmt: skip


@pytest.mark.parametrize(("name", "word"), ISSUED.items())
def test_names_that_everybody_knows_are_known(name: str, word: str) -> None:
    assert names.word(lexers.by_name(name)) == word


def test_every_name_in_the_file_finds_its_lexer() -> None:
    data = json.loads(files("mergepoint.highlight").joinpath("names.json").read_text())
    added = [(name, word) for word, sources in data["names"].items() for those in sources.values() for name in those]
    assert len(added) > 900
    for name, word in added:
        for spelling in (name, name.upper(), name.title()):
            if spelling.lower() == name:  # not every letter comes back: ß, ı
                assert names.find(spelling) is names.find(word), name


def test_pygments_own_names_mean_what_they_mean_there() -> None:
    for name, aliases, *_ in get_all_lexers():
        for alias in aliases:
            assert names.find(alias) is find_lexer_class_by_name(alias), alias
        assert names.find(name), name


def test_conflicts_say_who_meant_what() -> None:
    data = json.loads(files("mergepoint.highlight").joinpath("names.json").read_text())
    assert data["conflicts"]["fs"][0] == "highlight.js: fsharp"
    for name, claims in data["conflicts"].items():
        _, _, word = claims[0].partition(": ")
        assert len(claims) > 1
        if names.find(name):
            assert names.find(name) is names.find(word), name


def test_the_list_tells_the_added_names_and_files(client: FlaskClient) -> None:
    languages = {language["name"]: language for language in client.get("/highlight/languages").json["languages"]}
    assert {"kt", "kts"} <= set(languages["Kotlin"]["aliases"])
    assert languages["S"]["aliases"][0] == "r"
    assert languages["Python"]["aliases"][:2] == ["python", "py"]
    assert "Podfile" in [name.title() for name in languages["Ruby"]["filenames"]]
    for language in languages.values():
        for alias in language["aliases"]:
            assert names.find(alias)


@pytest.mark.parametrize("name", ["kt", "PATCH", "plaintext", "objective-cpp"])
def test_they_are_known_in_every_call(client: FlaskClient, name: str) -> None:
    word = names.word(lexers.by_name(name))
    assert client.post(f"/highlight?language={name}", data="x").headers["Mergepoint-Language"] == word
    assert client.get(f"/highlight/{name}/eA.html").headers["Mergepoint-Language"] == word
    snippet = {"code": "x", "language": name}
    assert client.post("/highlight/batch", json={"snippets": [snippet]}).json["results"][0]["language"] == word


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("kotln", "kotlin"), ("ktt", "kotlin"), ("klingon", "kotlin"), ("pyhton", "python"),
        ("javscript", "javascript"),
        ("typscript", "typescript"), ("golng", "go"), ("ruyb", "ruby"), ("dokcer", "docker"), ("csss", "css"),
        ("htlm", "html"), ("c sharp", "csharp"), ("perl7", "perl"), ("matlb", "matlab"), ("objectivc", "objective-c"),
    ],
)  # fmt: skip
def test_an_unknown_name_is_told_one_that_was_meant(name: str, word: str) -> None:
    with pytest.raises(UnknownLanguage, match=f"did you mean '{word}'"):
        lexers.by_name(name)


@pytest.mark.parametrize("name", ["x" * 200, "ä", "?", "python" * 33, "a b c d e f g h i j k l m n o p q r s t u v"])
def test_the_nearest_name_costs_next_to_nothing(name: str) -> None:
    """So many calls take less than a millisecond, which `make bench` measures."""
    names.nearest("x")
    assert calls(lambda: names.nearest(name)).total() < 4500
