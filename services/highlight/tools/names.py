"""Makes the data file of names: the names that highlight.js, Prism, Shiki and Linguist have for Pygments' languages.

    npm install --prefix FOLDER highlight.js@11 prismjs@1 shiki@4 linguist-languages@9
    node services/highlight/tools/sources.mjs FOLDER >FOLDER/names.json
    python services/highlight/tools/names.py FOLDER/names.json

Only names are used, which are facts. A name goes to the first source that claims it, in this order: Pygments' aliases,
its full names, highlight.js, Prism, Shiki, Linguist, and the file extensions of Linguist. The file also lists other
meanings of a name.
"""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pygments.lexers import _iter_lexerclasses

TARGET = Path(__file__).parents[1] / "mergepoint/highlight/names.json"
SOURCES = "highlight.js", "Prism", "Shiki", "Linguist"
# Languages that Pygments has under another name, or whose texts another lexer reads well. No source lists these.
RELATED = {
    "text": ["plain", "none", "log", "csv", "tsv"],
    "bash": ["dotenv", "alpine abuild", "gentoo ebuild", "gentoo eclass"],
    "c": ["clike", "opencl", "unified parallel c", "x bitmap", "x pixmap", "pro*c", "renderscript", "ispc"],
    "clojure": ["clojure-repl", "edn"],
    "console": ["shell session"],
    "coffeescript": ["cson", "literate coffeescript"],
    "cpp": ["metal", "hip"],
    "css": ["postcss", "css-extras"],
    "antlr": ["antlr4"],
    "debcontrol": ["debian package control file"],
    "erl": ["erlang-repl"],
    "fortran": ["fortran free form"],
    "fortranfixed": ["fortran-fixed-form"],
    "gas": ["armasm", "avrasm", "riscv", "asmatmel"],
    "graphviz": ["graphviz (dot)"],
    "groff": ["roff manpage"],
    "groovy": ["gradle", "nextflow", "nextflow-groovy"],
    "handlebars": ["mustache"],
    "html": ["svelte", "astro", "ejs", "html+eex", "html+ecr", "html+razor", "razor", "cshtml", "vue-html",
             "vbscript-html", "html-derivative", "blade"],
    "html+ng2": ["angular-html"],
    "html+php": ["php-template"],
    "ini": ["editorconfig", "git config", "npm config", "textmate properties", "shellcheck config", "qss"],
    "java": ["apex", "processing"],
    "javascript": ["js-extras", "node-repl", "flow", "glimmer js", "n4js"],
    "jinja": ["nunjucks"],
    "json": ["json with comments", "jsonc", "jsonl", "hjson", "jsonp", "oasv2-json", "oasv3-json", "jupyter notebook"],
    "kotlin": ["gradle kotlin dsl"],
    "markdown": ["mdx", "mdsvex", "mdc", "rmarkdown"],
    "nasm": ["x86asm"],
    "properties": ["java properties"],
    "python": ["snakemake", "easybuild", "xonsh"],
    "registry": ["windows registry entries"],
    "ruby": ["opal"],
    "sql": ["plsql", "hiveql", "sqlpl", "n1ql"],
    "terraform": ["terraform template"],
    "tex": ["sweave"],
    "typescript": ["angular-ts", "ts-tags", "glimmer ts"],
    "vb.net": ["visual basic 6.0", "vba"],
    "xml": ["svg", "collada", "ant build system", "maven pom", "xml property list", "xproc", "xpages"],
    "yaml": ["oasv2-yaml", "oasv3-yaml", "common workflow language", "kaitai struct", "miniyaml", "unity3d asset"],
    "zone": ["dns zone", "dns-zone-file"],
}  # fmt: skip
# Names in Vim, Emacs and Visual Studio Code that no source has.
EDITORS = {
    "c++": ["c++-ts"],
    "html+django": ["htmldjango"],
    "html+erb": ["eruby"],
    "ini": ["conf", "dosini"],
    "javascript": ["js2", "js3"],
    "jsx": ["javascriptreact", "rjsx"],
    "make": ["makefile-gmake", "makefile-bsdmake"],
    "perl": ["cperl"],
    "tex": ["plaintex"],
    "tsx": ["typescriptreact"],
    "bash": ["shellscript"],
    "vb.net": ["vb"],
    "xml": ["nxml", "sgml"],
}
# Languages whose aliases also belong to other languages.
STRANGERS = {"angelscript", "mercury"}
# A word is more common than Pygments' first alias if at least this many more sources have it.
MORE_COMMON = 2


class Names:
    """The claimed names; *claims* has for each name its languages and their sources, the first claim first."""

    def __init__(self) -> None:
        self.claims: dict[str, list[tuple[str, str]]] = {}

    def claim(self, name: str, language: str, source: str) -> None:
        others = self.claims.setdefault(name.lower(), [])
        if language not in (known for known, _ in others):
            others.append((language, source))

    def language(self, name: str) -> str | None:
        claims = self.claims.get(name.lower())
        return claims[0][0] if claims else None


def main() -> None:
    sources = json.loads(Path(sys.argv[1]).read_text())
    names = Names()
    for name, language in pygments_names():
        names.claim(name, language, "Pygments")
    own = set(names.claims)
    groups = Groups(names)
    for source in SOURCES:
        for called in sources[source]:
            if language := groups.language(called):
                for name in called:
                    names.claim(name, language, source)
    for name in ("plain", "none"):  # words in Prism's core that its list does not have
        names.claim(name, "text", "Prism")
    for language, called in EDITORS.items():
        for name in called:
            names.claim(name, str(names.language(language)), "editors")
    extensions = files_by(sources["files"], "extensions", groups, sources["highlight.js"])
    for extension, languages in extensions.items():
        for language in languages:
            if extension[1].isalpha() and language != "text":
                names.claim(extension[1:], language, "Linguist")
    write(sources, names, own, extensions, groups)


def pygments_names() -> Iterator[tuple[str, str]]:
    """Yield every name of Pygments and the word of its language: aliases first, then full names."""
    lexers = list(_iter_lexerclasses(plugins=False))
    for lexer in lexers:
        for alias in lexer.aliases:
            yield alias, word(lexer)
    for lexer in lexers:
        yield lexer.name, word(lexer)


def word(lexer: Any) -> str:
    return str(lexer.aliases[0] if lexer.aliases else lexer.name).lower()


def common_words(sources: Any) -> Iterator[tuple[str, str]]:
    """Yield the first alias of a lexer and its alias that most sources have, if that is another one."""
    lists = [{name.lower() for called in sources[source] for name in called} for source in SOURCES]

    def known(alias: str) -> int:
        return sum(alias in names for names in lists)

    for lexer in _iter_lexerclasses(plugins=False):
        common = max(map(str.lower, lexer.aliases), key=known, default="")
        if lexer.aliases and known(common) >= known(word(lexer)) + MORE_COMMON:
            yield word(lexer), common


class Groups:
    """Finds the language that a group of names means."""

    def __init__(self, names: Names) -> None:
        pygments = list(names.claims)
        self.exact = {name: str(names.language(name)) for name in pygments}
        self.loose = {loosely(name): self.exact[name] for name in reversed(pygments)}
        self.related = {name: language for language, related in RELATED.items() for name in related}

    def language(self, called: list[str]) -> str | None:
        """Return the language that *called* means: an identifier, aliases and, in most lists, a title at the end."""
        called = [name.lower() for name in called]
        if STRANGERS & {called[0]}:
            return None
        for names, known in (((called[0], called[-1]), self.related), (called, self.exact), (called, self.related)):
            for name in names:
                if name in known:
                    return known[name]
        return next((self.loose[key] for key in map(loosely, called) if key in self.loose), None)


def loosely(name: str) -> str:
    return re.sub(r"[-_ .]", "", name.lower())


def files_by(files: list[dict[str, Any]], what: str, groups: Groups, common: list[list[str]]) -> dict[str, list[str]]:
    """Return the languages of each extension, file name or interpreter, likeliest first.

    The likeliest has it as its first, as Linguist orders them, or is common: highlight.js knows it.
    """
    popular = {name.lower() for called in common for name in called}
    found: dict[str, list[tuple[bool, bool, str]]] = {}
    for file in files:
        called = [file["name"], *(file.get("aliases") or [])]
        language = groups.language(called)
        rare = popular.isdisjoint(name.lower() for name in called)
        for place, value in enumerate(file[what]):
            rank = (place > 0, rare, language or "text")
            if language or what == "filenames":
                found.setdefault(value.lower(), []).append(rank)
    return {value: list(dict.fromkeys(language for *_, language in sorted(ranks))) for value, ranks in found.items()}


def write(sources: Any, names: Names, own: set[str], extensions: dict[str, list[str]], groups: Groups) -> None:
    added: dict[str, dict[str, list[str]]] = {}
    conflicts = {}
    for name, claims in sorted(names.claims.items()):
        (language, source), *others = claims
        if name not in own:
            added.setdefault(language, {}).setdefault(source, []).append(name)
        if others and any(source != "Linguist" or name not in own for _, source in others):
            conflicts[name] = [f"{other}: {of}" for of, other in claims]
    data = {
        "sources": sources["versions"],
        "words": dict(common_words(sources)),
        "names": {language: added[language] for language in sorted(added)},
        "conflicts": conflicts,
        "filenames": files_by(sources["files"], "filenames", groups, sources["highlight.js"]),
        "extensions": extensions,
        "interpreters": files_by(sources["files"], "interpreters", groups, sources["highlight.js"]),
    }
    TARGET.write_text(dumped(data))
    counts = {source: sum(len(of.get(source, ())) for of in added.values()) for source in (*SOURCES, "editors")}
    print(counts, len(conflicts), "conflicts", {key: len(data[key]) for key in ("filenames", "extensions")})


def dumped(data: dict[str, Any]) -> str:
    """Return *data* as JSON with a line for each name."""
    parts = []
    for key, value in data.items():
        if isinstance(value, dict):
            items = sorted(value.items())
            inner = ",\n".join(f"  {json.dumps(name)}: {json.dumps(of, ensure_ascii=False)}" for name, of in items)
            parts.append(f" {json.dumps(key)}: {{\n{inner}\n }}")
        else:
            parts.append(f" {json.dumps(key)}: {json.dumps(value)}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


if __name__ == "__main__":
    main()
