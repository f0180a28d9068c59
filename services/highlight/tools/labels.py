"""The languages that the guesser knows, by their common words, and how often they occur: 3 very often, 1 seldom."""

OFTEN = """
python javascript typescript html css json bash java c cpp csharp go rust php ruby sql yaml xml markdown text
"""
SOMETIMES = """
kotlin swift jsx tsx docker toml ini diff scala perl lua haskell r dart elixir powershell objective-c nginx tex make
scss vue console
"""
SELDOM = """
erlang clojure fsharp groovy julia ocaml graphql less sass terraform cmake batch vim protobuf matlab gas nasm
fortran pascal lisp scheme emacs-lisp prolog tcl awk verilog systemverilog vhdl d nim crystal zig coffeescript vb.net
html+handlebars rhtml html+twig http apacheconf properties restructuredtext solidity wast llvm glsl ada
cobol racket coq nix elm gherkin pycon pytb groff bibtex pot antlr vala thrift fish actionscript3 debcontrol meson
smalltalk forth applescript tcsh xquery systemd haxe purescript
"""
LABELS = {word: often for often, words in ((3, OFTEN), (2, SOMETIMES), (1, SELDOM)) for word in words.split()}
# Dialects that cannot be distinguished in a short text are trained as one language.
SAME = {
    "tsql": "sql",
    "mysql": "sql",
    "postgresql": "sql",
    "plpgsql": "sql",
    "octave": "matlab",
    "zsh": "bash",
    "html+php": "php",
    "jsonld": "json",
    "json5": "javascript",
    "desktop": "ini",
    "fortranfixed": "fortran",
    "bdd": "gherkin",
    "cobolfree": "cobol",
    "objective-c++": "objective-c",
}
