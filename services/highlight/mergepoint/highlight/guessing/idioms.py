"""Idioms of the most common languages. A line or two has few features for the model, but an idiom says much.

Each idiom that is found raises the probability of its language. In longer texts the model has enough features.
"""

import math
import re
from collections import defaultdict

SHORT = 700  # characters: idioms are searched in texts of at most this length
WEIGHT = 1.8  # an idiom multiplies the probability of its language by e to this power
MOST = 3  # idioms of a language that count
_SCRIPT = [
    r"\bconsole\.(log|error)\(",
    r"\b(document|window|process|module)\.\w+",
    r"^[ \t]*(const|let|var) [\w{\[][\w, }\]]* = ",
    r"=>\s*[\w{(]",
    r"\bfunction\s*\w*\([\w, ]*\)\s*\{",
    r"===|!==",
    r"\brequire\(['\"]|^import .{1,80} from ['\"]|^export (default|const|function)\b",
    r"\$\(['\"(#.]|\$\(document\)|JSON\.(parse|stringify)\(|\.then\(|\bawait \w",
]
_TYPES = [
    r"^[ \t]*(const|let|var) \w+: [\w{\[]",
    r"\w\??: (string|number|boolean|any|void|unknown|never)\b",
    r"^(export )?(interface|type|enum) \w+[^;]{0,40}[{=]",
    r"\): [\w<>\[\]]{1,40} (=>|\{)|\b(useState|Record|Promise|FC)<",
]
_TAGS = [r"<[A-Z]\w*[\s/>]|<>", r"\bclassName=|\bon[A-Z]\w+=\{", r"^[ \t]*(return )?\(?\s*<\w+[^;]{0,80}>$", r"=\{\w"]
IDIOMS: dict[str, list[str]] = {
    "javascript": _SCRIPT,
    "typescript": _SCRIPT[:5] + _TYPES + _TYPES,
    "jsx": [*_TAGS, *_TAGS[:2]],
    "tsx": [*_TAGS[:2], *_TYPES],
    "python": [
        r"^[ \t]*(def \w+\(.*\).{0,40}:|class \w+(\(.*\))?:|(for|if|elif|while|with|except) .{1,80}:|try:|else:)\s*$",
        r"^(from [\w.]+ import \w|import \w[\w.]*( as \w+)?(, \w+)*$)",
        r"\bprint\((?!.*;$)",
        r"\b(self\.\w|None\b|True\b|False\b|__\w+__)",
        r"\bfor \w+(, \w+)? in (range\(|enumerate\(|\w+)|\blen\(|\*\*",
        r"\b(pd|np|plt|df)\.\w|\bf['\"]|\blambda \w+:|\bpass$",
    ],
    "java": [
        r"\bSystem\.out\.print",
        r"\bpublic (static |final |class |void |interface )",
        r"\bString(\[\])? \w|\bList<\w+> \w|new \w+<>\(",
        r"^import (java|javax|org|com)\.",
        r"^[ \t]*@(Override|Autowired|Test|RestController|Entity)\b",
        r"\b(private|protected) (final )?[A-Z]\w* \w+;",
    ],
    "c": [
        r"#include <\w+\.h>",
        r"\b(printf|malloc|calloc|free|strcpy|strlen|sizeof|scanf|memcpy)\s*\(",
        r"^[ \t]*(static )?(int|char|void|double|float|long|unsigned|size_t)( int| char)? \*?\w+\s*[=;\[(,)]",
        r"^[ \t]*(typedef )?struct( \w+)? ?\{|\bstruct \w+ \*\w",
        r"\bNULL\b|\w->\w",
    ],
    "cpp": [
        r"\bstd::\w",
        r"\b(cout|cin|endl)\b",
        r"#include <[a-z_]+>",
        r"\btemplate\s*<|\busing namespace\b|\bnullptr\b",
        r"^[ \t]*(public|private|protected):",
        r"\bauto&? \w|\bconst auto&|\bvirtual\b",
    ],
    "csharp": [
        r"^using [\w.]+;",
        r"\bConsole\.(Write|Read)",
        r"\{ ?get; ?(set;)?",
        r"^namespace [\w.]+",
        r"\bstatic (async )?(void|Task|int) Main\(|\basync Task\b|\bstring\[\]",
        r"\bforeach \(var \w|\.(Where|Select|ToList|FirstOrDefault)\(",
    ],
    "go": [
        r"^package \w+$",
        r"\w :?= (range|make|append|map)\b|:= ",
        r"\bfunc (\(\w+ \*?\w+\) )?\w*\(",
        r"\bfmt\.\w+\(",
        r"\bif err != nil \{",
        r"\breturn (nil|\w+), (err|nil)$",
        r"<-|\bchan \w|\bdefer \w",
    ],
    "rust": [
        r"\bfn \w+[(<]",
        r"\blet mut \w|&mut \w|&str\b|\bpub (fn|struct|enum)\b",
        r"\b(println|vec|format|panic|assert)!",
        r"\bimpl(<.{1,20}>)? \w|\bmatch \w.{0,40}\{",
        r"::new\(|::from\(|\.unwrap\(\)|\bOption<|\bResult<|\bVec<",
        r"^[ \t]*#!?\[\w|^use [\w:]+::",
    ],
    "ruby": [
        r"^[ \t]*end$",
        r"\bputs [\w'\"\[]",
        r"\bdo( \|\w+(, \w+)*\|)?$|\{ ?\|\w+\|",
        r"^[ \t]*def \w+[?!]?(\(.*\))?$",
        r"^[ \t]*@\w+ (\|\|)?= |\.(each|map|nil\?)\b",
        r"\brequire(_relative)? ['\"]|^[ \t]*(has_many|belongs_to|validates|attr_\w+) :\w",
    ],
    "php": [
        r"^[ \t]*\$\w+ ?= ?.*;$",
        r"\becho ['\"$]",
        r"\bforeach \(\$|\bfunction \w+\(.*\$",
        r"\$\w+->\w|\$this\b",
        r"\barray\(|\$_(GET|POST|SERVER|SESSION)\b",
    ],
    "html": [
        r"</(div|p|a|ul|ol|li|span|table|tr|td|h[1-6]|body|head|form|button|select|script|section|nav)>",
        r"<(div|p|a|ul|li|span|table|img|input|form|h[1-6]|body|br|button|link|meta|script|section)[\s>]",
        r"\b(href|src|class|id|style|alt)=\"",
    ],
    "css": [
        r"^[ \t]*[.#]?[\w-]+[^{};\n]{0,80}\{\s*[\w-]+:\s*[^;{}]{1,80};",
        r"\b(color|margin|padding|background|font-size|display|width|border)\s*:\s*[^;{}]{1,60};",
        r"#[0-9a-f]{3,6};|\d(px|em|rem|vh)\b|@media\b",
    ],
    "sql": [
        r"(?i)\bselect\b[^;]{1,200}\bfrom\b",
        r"(?i)\b(insert into|create (table|index|view)|delete from|alter table|drop table)\b",
        r"(?i)\bupdate \w+ set\b|\b(group|order) by\b|\b(inner|left) join\b",
        r"(?i)\bwhere \w+(\.\w+)? ?(=|in|like|>|<)|\b(varchar|integer|primary key|not null)\b|\bvalues ?\(",
    ],
    "bash": [
        r"^[ \t]*(sudo|apt|apt-get|cd|ls|mkdir|rm|cp|mv|export|echo|git|docker|npm|npx|pip3?|curl|wget|chmod|ssh)( |$)",
        r"^[ \t]*(python3?|node|brew|yarn|kubectl|grep|cat|find|sed|source|kill|ps|go|cargo|systemctl) [\w./'\"$-]",
        r"\| ?(grep|awk|sed|sort|head|wc|xargs|jq|tail|cut|less|tee)\b",
        r"\"?\$\{?\w+\}?\"?|\$\(",
        r"^[ \t]*(fi|done|esac)$|; (then|do)$|\bif \[",
        r" && \w| --?[a-z][\w-]*( |$)",
    ],
    "powershell": [
        r"\b(Get|Set|New|Remove|Write|Select|Where|Add|Invoke|Import|Start|Stop|Out|Test|ForEach)-[A-Z]\w+",
        r" -(eq|ne|gt|lt|like|match|not|and|or) ",
        r"^[ \t]*\$\w+ = (?!.*;$)|\$_\.\w|\[(string|int|switch|bool)\]\$",
    ],
    "kotlin": [
        r"\bfun \w+\(",
        r"\b(val|var) \w+(: \w+)?( =|,|\))",
        r"\bdata class \w|\bprintln\(|\blistOf\(|\?:|\bwhen\b",
    ],
    "swift": [
        r"\bfunc \w+\(.{0,80}\)( -> [\w\[\]?]+)? \{",
        r"\bguard let|\bif let \w+ =|\bvar \w+: \[?[A-Z]\w*\]?\??( =|$)",
        r"\\\(\w|^import (UIKit|SwiftUI|Foundation)$|\bnil\b|\boverride func\b",
    ],
    "scala": [
        r"\bobject \w+( extends \w+)? \{|\bextends App\b|\bcase class \w",
        r"\bdef \w+.{0,80}: [\w\[\]]+ =",
        r"\bval \w+ = (List|Seq|Map|Array|new)\b|\.foreach\(println\)|\bmatch \{|^[ \t]*case .{1,60} =>",
    ],
    "haskell": [
        r"^\w+ :: ",
        r"\b(putStrLn|mapM_|foldr|getLine)\b|^main = |^[ \t]*where$",
        r"^import (qualified )?[A-Z]\w|^module [A-Z]|^data [A-Z]\w* =",
        r"^[a-z]\w*( [\w:()_]+)+ = .*\w [\w(\[]",
    ],
    "r": [
        r"^[ \t]*[\w.]+ <- ",
        r"\blibrary\(\w+\)",
        r"\bc\([\d'\"]",
        r"%>%|\bggplot\(|\bfunction\(\w*\)|\bdata\.frame\(",
    ],
    "lua": [
        r"\blocal (function )?\w",
        r"\bend$|\bthen$| do$",
        r"\.\. ?['\"\w]|\bnil\b|~=|\bipairs\(|^[ \t]*function \w+[.:]\w",
    ],
    "perl": [r"\bmy [($@%]", r"\buse (strict|warnings)\b|=~|\$_\b|\bqw\(", r"[@%]\w+ = \(?|\bprint \"|\$\w+->"],
    "elixir": [r"\bdefmodule \w", r"\bdo$|, do: ", r"\|> |\b(Enum|IO|Map|String)\.\w+", r"\bfn .{0,40}->|%\{"],
    "dart": [r"\bvoid main\(\)", r"@override$|\bWidget \w|import 'package:", r"\bfinal \w+ \w|\bFuture<|\blate \w"],
    "graphql": [
        r"^[ \t]*(query|mutation|subscription|fragment)\b",
        r"^(type|input|interface|enum) \w+ \{",
        r"\w: \[?\w+!",
    ],
    "julia": [r"\w::[A-Z]\w*", r"\bprintln\(.*\)$|^using [A-Z]\w*$", r"^[ \t]*function \w+\(.*\)$|\bend$"],
    "fsharp": [r"^let (rec |mutable )?\w+.* =", r"\bprintfn\b|\|> |\bfun \w+ ->"],
    "ocaml": [r"^let (rec )?\w+.* =", r"\bprint_\w+|\bin$|^[ \t]*\| .{1,40} ->|;;$|\bList\.\w|\bthen .{1,40} else"],
    "console": [r"^\S{0,30}\$ \w", r"\A\S{0,30}\$ \w", r"\A\S{0,30}\$ \w.*\n[^$]"],
    "vim": [r"^[ \t]*(set|syntax|nnoremap|inoremap|Plug|autocmd) ?\w", r"<(leader|CR|Esc)>", r"^[ \t]*let g:\w"],
    "yaml": [r"^[\w-]+:$", r"^[ \t]*- [\w-]+: ", r"^[ \t]+[\w-]+: [^{;]*$", r"^[ \t]*- [\w'\"]"],
}
# Signs that nearly every text in a language has. Without one, a text is unlikely to be in it, whatever its features.
NEEDED = {
    "docker": r"^[ \t]*(FROM|RUN|CMD|COPY|ENTRYPOINT|WORKDIR|ENV|ADD|EXPOSE|ARG|LABEL|USER|VOLUME)\s",
    "html+handlebars": r"\{\{",
    "html+twig": r"\{[%{#]",
    "jsx": r"</|/>|<>",
    "meson": r"\b(project|executable|dependency|library|subdir|meson|files|configure_file|custom_target)\b",
    "php": r"\$\w|<\?|\bfunction\b",
    "pycon": r"^>>> ",
    "rhtml": r"<%",
    "scss": r"\$\w|@(include|mixin|extend|if|each|function|use|forward)\b|&|//|#\{|\{[^{}]*\{",
    "tsx": r"</|/>|<>",
    "typescript": "|".join(_TYPES) + r"|\b(private|public|protected|readonly|declare|implements|abstract|enum|as \w+)\b"
    r"|:\s*[A-Z]\w*|<[A-Z]\w*>|\bimport type\b|\)\s*:\s*\w",
    "vue": r"<template|<script|<style|\bv-\w+|@click",
}
# A line that only ends an element. It excludes the languages of WITHOUT_TAGS; their dialects with elements remain.
TAG = re.compile(r"^[ \t]*</[A-Za-z][\w.]*>[;)]*$", re.MULTILINE)
WITHOUT_TAGS = {"javascript", "typescript"}
WANTING = 0.01  # the factor for the probability of a language whose sign is missing
LEAST = 0.01  # languages below this probability are not examined
COMPILED = {
    word: [re.compile(idiom, re.MULTILINE) for idiom in dict.fromkeys(idioms)] for word, idioms in IDIOMS.items()
}
SENTENCE = re.compile(r"[A-ZÄÖÜÉÈ¿¡]?[^{}\[\]<>=;$#@\\|&*+~^%_`]+", re.DOTALL)
COMMON = (
    "the a an is are was i you we they it to of and or my how do does that this with not be can have please for in on "
    "der die das und ich ist nicht ein eine zu mit auf wir sie den le la les et je de des est que ne pas pour un une "
    "el los en no por con una il di che per non"
)
ENOUGH = 3  # common words in a sentence; in short texts one word in five is enough
CODE = re.compile(r"\w\(|:$|^[ \t]+\w+$", re.MULTILINE)
REQUIRED: dict[str, list[re.Pattern[str]]] = defaultdict(list)
for _word, _sign in (*NEEDED.items(), ("tsx", NEEDED["typescript"])):
    REQUIRED[_word].append(re.compile(_sign, re.MULTILINE))


def idiomatic(text: str, chances: dict[str, float]) -> dict[str, float]:
    """Return the probabilities *chances*, raised for languages whose idioms *text* has, if it is short.

    Languages whose needed sign is missing become unlikely, whatever the length.
    """
    chances = {
        word: chance * (WANTING if chance > LEAST and _lacks(word, text) else 1) for word, chance in chances.items()
    }
    found = _count_idioms(text) if len(text) <= SHORT else {}
    raised = {word: chance * math.exp(WEIGHT * min(MOST, found.get(word, 0))) for word, chance in chances.items()}
    total = sum(raised.values())
    return {word: chance / total for word, chance in raised.items()}


def _lacks(word: str, text: str) -> bool:
    """Return whether *text* lacks a sign that the language *word* needs, or has one that it excludes."""
    if word in WITHOUT_TAGS and TAG.search(text):
        return True
    return not all(sign.search(text) for sign in REQUIRED.get(word, ()))


def _count_idioms(text: str) -> dict[str, int]:
    """Return the number of idioms of each language in *text*."""
    return {word: sum(bool(idiom.search(text)) for idiom in idioms) for word, idioms in COMPILED.items()}


def is_prose(text: str) -> bool:
    """Return whether a short *text* consists of sentences, without characters that are unusual in prose."""
    words, ordinary = text.lower().split(), COMMON.split()
    common = sum(word.strip(".,:!?\"'()") in ordinary for word in words)
    if len(text) > SHORT or not common >= min(ENOUGH, len(words) / 5) > 0:
        return False
    return bool(SENTENCE.fullmatch(text)) and not CODE.search(text) and not any(_count_idioms(text).values())
