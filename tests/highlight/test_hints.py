"""Hints: a file's name, a MIME type, a shebang, a mode line, in this order; one that says nothing is passed over."""

import json
import time
from importlib.resources import files

import pytest
from flask.testing import FlaskClient

from mergepoint.highlight import lexers, names

PYTHON, RUBY = "#!/usr/bin/python3\nprint(1)\n", "#!/usr/bin/env ruby\nputs 1\n"
HEADER = "#ifndef X_H\n#define X_H\n#include <stddef.h>\n\nint put(char *text, size_t size);\n\n#endif\n"


def language(client: FlaskClient, code: str, **options: str) -> str:
    reply = client.post("/highlight", query_string=options, data=code.encode(), content_type="text/plain")
    assert reply.status_code == 200, reply.text
    return reply.headers["Mergepoint-Language"]


@pytest.mark.parametrize(
    ("options", "code", "word"),
    [
        ({"filename": "blob"}, PYTHON, "python"),
        ({"filename": "@install"}, "#!/bin/sh -e\necho 1\n", "bash"),
        ({"filename": "x.klingon"}, RUBY, "ruby"),
        ({"mimetype": "application/x-unheard-of", "filename": "a.rb"}, "", "ruby"),
        ({"mimetype": "text/x-ruby", "filename": "blob"}, "", "ruby"),
        ({"mimetype": "text/x-python;charset=utf-8"}, "", "python"),
        ({"mimetype": "nonsense"}, PYTHON, "python"),
        ({"filename": "FOO.PY"}, "", "python"),
        ({"filename": "a.rb"}, PYTHON, "ruby"),
        ({"mimetype": "text/x-ruby"}, PYTHON, "ruby"),
        ({}, "#!/usr/bin/ruby\n# vim: ft=python\n", "ruby"),
        ({}, "# vim: set ft=lua :\nimport os\n", "lua"),
        ({"filename": "util.h"}, HEADER, "c"),
        ({"filename": "x.R"}, "x <- 1\n", "r"),
    ],
)
def test_the_first_hint_with_something_to_say_decides(
    client: FlaskClient, options: dict[str, str], code: str, word: str
) -> None:
    assert language(client, code, **options) == word


def test_only_language_may_be_unknown(client: FlaskClient) -> None:
    reply = client.post("/highlight?language=klingon&filename=a.py", data="x")
    assert (reply.status_code, reply.json["errors"][0]["field"]) == (422, "language")


FILES = {
    "Dockerfile.dev": "docker", "prod.Dockerfile": "docker", "Containerfile": "docker", ".env": "bash",
    ".env.local": "bash", ".gitignore": "text", "Jenkinsfile": "groovy", "Cargo.lock": "toml", "Podfile": "ruby",
    "justfile": "text", "go.mod": "text", "foo.html.erb": "rhtml", "foo.jsonc": "json", "tsconfig.json": "json",
    "Makefile": "make", "GNUmakefile": "make", "makefile.am": "make", "CMakeLists.txt": "cmake", "a.h": "c",
    "C:\\src\\Main.CS": "csharp", "src/main.rs": "rust", "app.js~": "javascript", "site.conf.bak": "ini",
    "nginx.conf": "nginx", ".bashrc": "bash", "Gemfile": "ruby", "LICENSE": "text", "x.tsx": "tsx",
    "x.ts": "typescript",
    "x.vue": "vue", "x.mjs": "javascript", "build.gradle.kts": "kotlin", "x.plist": "xml", "App.csproj": "xml",
    "poetry.lock": "toml", "x.txt": "text", "x.csv": "text", "x.log": "text", ".eslintrc": "json", "x.ipynb": "json",
    "x.m": "objective-c", "x.pl": "perl", "x.fs": "fsharp", "x.sql": "sql", "x.d.ts": "typescript", "BUILD": "python",
}  # fmt: skip


@pytest.mark.parametrize(("filename", "word"), FILES.items())
def test_files_are_known_by_their_names(filename: str, word: str) -> None:
    assert names.word(lexers.find(None, filename, None, "")) == word


def known(key: str) -> dict[str, list[str]]:
    data: dict[str, dict[str, list[str]]] = json.loads(files("mergepoint.highlight").joinpath("names.json").read_text())
    return data[key]


@pytest.mark.long
def test_every_name_and_extension_of_linguist_is_known_in_whatever_case(client: FlaskClient) -> None:
    assert len(known("filenames")) > 400
    for filename, words in [*known("filenames").items(), *((f"x{end}", of) for end, of in known("extensions").items())]:
        for spelling in (filename, filename.upper()):
            hinted = lexers.hint(spelling, None, "")
            assert hinted, spelling
            assert set(names.find_all(words)) & set(hinted), spelling
            assert language(client, "", filename=spelling)


@pytest.mark.long
def test_every_pattern_of_pygments_is_known() -> None:
    for lexer in names.classes():
        for pattern in lexer.filenames:
            if not any(sign in pattern.removeprefix("*") for sign in "*?["):
                assert lexer in lexers.hint(pattern.replace("*", "x"), None, ""), pattern


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("/usr/bin/node", "javascript"), ("/usr/bin/env deno run", "javascript"), ("/usr/bin/lua", "lua"),
        ("/usr/bin/env lua5.4", "lua"), ("/usr/bin/python3.11", "python"), ("/usr/bin/env pypy3", "python"),
        ("/usr/bin/awk -f", "awk"), ("/usr/bin/fish", "fish"), ("/usr/bin/env -S uv run --script", "python"),
        ("/bin/sh -e", "bash"), (" /bin/bash", "bash"), ("/usr/bin/env -S A=1 python3 -u", "python"),
        ("/usr/bin/env bundle exec ruby", "ruby"), ("/usr/bin/env pwsh", "powershell"), ("/usr/bin/Rscript", "r"),
        ("/usr/bin/tclsh8.6", "tcl"), ("/usr/bin/php8.2", "php"), ("/usr/bin/env ts-node", "typescript"),
    ],
)  # fmt: skip
def test_a_shebang_names_its_language(line: str, word: str) -> None:
    assert names.word(lexers.find(None, None, None, f"#!{line}\n")) == word


@pytest.mark.long
def test_every_interpreter_of_linguist_is_known() -> None:
    for interpreter, words in known("interpreters").items():
        for line in (f"#!/usr/bin/{interpreter}\n", f"#!/usr/bin/env {interpreter} -x\n"):
            assert lexers.hint(None, None, line) == names.find_all(words), line


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("# vim: ft=ruby\nx", "ruby"), ("// vim: set ft=cpp ts=4:", "cpp"), ("# -*- mode: ruby -*-", "ruby"),
        ("/* -*- C++ -*- */", "cpp"), ("# -*- coding: utf-8; mode: python -*-", "python"),
        ("x\n# Local Variables:\n# mode: perl\n# End:", "perl"), ("\n" * 50 + "# vi: filetype=sh", "bash"),
        (";; -*- Mode: emacs-lisp; lexical-binding: t -*-", "emacs-lisp"), ("% vim:syntax=tex", "tex"),
    ],
)  # fmt: skip
def test_a_mode_line_names_its_language(text: str, word: str) -> None:
    assert names.word(lexers.find(None, None, None, text)) == word


@pytest.mark.parametrize(
    ("mimetype", "word"),
    [
        ("TEXT/HTML", "html"), ("image/svg+xml", "xml"), ("application/vnd.api+json", "json"), ("text/jsx", "jsx"),
        ("application/typescript", "typescript"), ("text/x-kotlin", "kotlin"), ("application/json; q=1", "json"),
        ("text/plain", "text"), ("text/x-rust", "rust"), ("application/javascript", "javascript"),
    ],
)  # fmt: skip
def test_a_mime_type_names_its_language(mimetype: str, word: str) -> None:
    assert names.word(lexers.find(None, None, mimetype, "")) == word


@pytest.mark.parametrize("key", ["filename", "mimetype"])
@pytest.mark.parametrize(
    "value", ["x", ".", "..", "/", "\\", "a.", "~", ".bak", "\ud7ff", "%", "*", "[", "x" * 200, "." * 200]
)
def test_no_hint_is_an_error(client: FlaskClient, key: str, value: str) -> None:
    assert language(client, "x", **{key: value})


@pytest.mark.parametrize(
    "text",
    ["-*-" * 170_000, "vim:" * 120_000, "-*- mode: " * 50_000, "#!" + "/env " * 100_000, "#! -" + " -x=" * 100_000,
     "mode: \n" * 70_000 + "Local Variables:"],
)  # fmt: skip
def test_hints_in_hostile_texts_are_read_in_time(text: str) -> None:
    began = time.process_time()
    lexers.hint(None, None, text)
    assert time.process_time() - began < 0.1
