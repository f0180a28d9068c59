"""Options are read from query, JSON, form or raw body; nothing is replaced, guessed or taken twice."""

import json

import pytest
from flask import Request
from werkzeug.test import EnvironBuilder

from mergepoint.kit.problems import Problem
from mergepoint.kit.web.body import read_options
from tests.kit.toy_service import DuetOptions, PackOptions, ShoutOptions, StampOptions

FORM = "multipart/form-data; boundary=b"


def asking(
    query: str = "", body: bytes = b"", kind: str = "text/plain", method: str = "POST", **environment: str
) -> Request:
    builder = EnvironBuilder(method=method, query_string=query, data=body, content_type=kind)
    request = Request(builder.get_environ() | environment)
    request.max_content_length = 1000
    return request


def read(*args, **kwargs) -> ShoutOptions:
    return read_options(ShoutOptions, asking(*args, **kwargs))


def refusal(*args, **kwargs) -> Problem:
    with pytest.raises(Problem) as refused:
        read(*args, **kwargs)
    return refused.value


def part(name: str, value: bytes, filename: str = "", kind: str = "") -> bytes:
    more = f'; filename="{filename}"' if filename else ""
    more += f"\r\nContent-Type: {kind}" if kind else ""
    return f'--b\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n'.encode() + value + b"\r\n"


@pytest.mark.parametrize(
    "kind",
    ["", "text/plain", "text/x-python", "text/plain; charset=utf-8", "text/plain; charset=US-ASCII",
     "application/octet-stream", "application/x-www-form-urlencoded", "text/json", "application/javascript",
     "application/xml", "application/yaml", "application/sql", "application/x-sh", "application/json5",
     "application/x-httpd-php", "application/toml", "application/typescript", "application/ecmascript",
     "application/x-python", "application/graphql", "application/ld+json", "application/vnd.api+json",
     "Application/XHTML+XML; charset=utf-8", "image/svg+xml", "application/x-ndjson", "x-shader/x-fragment",
     "message/http", "application/vnd.coffeescript", "application/rtf", "application/x-new-language"],
)  # fmt: skip
def test_the_body_is_the_content_as_it_is(kind: str) -> None:
    assert read("marks=2", "a=1&b=%41\r\né".encode(), kind) == ShoutOptions(text="a=1&b=%41\r\né", marks=2)


PICTURE = b"\x89PNG\r\n\x00\xff"


@pytest.mark.parametrize(
    ("query", "body", "kind"),
    [
        ("times=2", PICTURE, "image/png"),
        ("times=2", PICTURE, "application/x-www-form-urlencoded"),
        ("times=2", PICTURE, "text/plain; charset=utf-16"),
        ("times=2", PICTURE, ""),
        ("", b'{"picture": "iVBORw0KAP8=", "times": 2}', "application/json"),
        ("", part("times", b"2") + part("picture", PICTURE, "\xff.png") + b"--b--", FORM),
    ],
)
def test_binary_content_is_taken_as_it_is_whatever_it_is_called(query: str, body: bytes, kind: str) -> None:
    assert read_options(StampOptions, asking(query, body, kind)) == StampOptions(picture=PICTURE, times=2)


def test_json_brings_options_beside_the_content() -> None:
    assert read("", b'{"text": "\\ud83d\\ude00", "marks": 3}', "application/json; charset=utf-8").text == "😀"


def test_a_form_brings_options_beside_the_content() -> None:
    options = read("", part("marks", b"4") + part("text", b"a\r\nb") + b"--b--", FORM)
    assert (options.text, options.marks, options.filename) == ("a\r\nb", 4, None)


def test_a_file_in_a_form_brings_its_name() -> None:
    assert read("", part("text", b"x", "app.py") + b"--b--", FORM).filename == "app.py"


def test_a_named_filename_wins_over_the_files() -> None:
    body = part("text", b"x", "app.py") + b"--b--"
    assert read("filename=other.rb", body, FORM).filename == "other.rb"


def test_the_whole_request_may_be_in_the_query() -> None:
    assert read("text=a%0D%0Ab+c&marks=2", method="GET", kind="").text == "a\r\nb c"
    assert read("text=a", b"", "").text == "a"


URLENCODED = "application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    ("body", "options"),
    [
        (b"text=a", {"text": "a"}),
        (b"text=", {"text": ""}),
        (b"marks=3&text=puts+1%0D%0A%C3%A9%26", {"text": "puts 1\r\né&", "marks": 3}),
        (b"text=1%2B1=2&animal=&filename=a.py", {"text": "1+1=2", "filename": "a.py"}),
        (b"t%65xt=100%", {"text": "100%"}),
    ],
)
def test_what_is_plainly_a_form_is_one(body: bytes, options: dict[str, object]) -> None:
    for kind in (URLENCODED, f"{URLENCODED}; charset=UTF-8"):
        assert read("", body, kind) == ShoutOptions(**options)
    assert read("&", body, URLENCODED) == ShoutOptions(**options)


@pytest.mark.parametrize(
    "body",
    [b"text=a\n", b"text=a\r", b"\ntext=a", "text=é".encode(), b"text=a&text=b", b"text=a&b=c", b"marks=2", b"text",
     b"text=a&marks", b"text=a&", b"&text=a", b"text=a&&marks=2", b"", b"Text=a", b"text =a",
     b"text=a" + b"&marks=1" * 64],
)  # fmt: skip
def test_what_is_not_plainly_a_form_is_a_text_byte_for_byte(body: bytes) -> None:
    assert read("", body, URLENCODED).text == body.decode()


@pytest.mark.parametrize("query", ["marks=1", "marks=", "animal=dog&marks=2"])
def test_with_an_option_in_the_query_the_body_is_a_text(query: str) -> None:
    assert read(query, b"text=a", URLENCODED).text == "text=a"


def test_a_form_says_what_is_wrong_with_it() -> None:
    assert refusal("", b"text=%ff", URLENCODED).code == "invalid_encoding"
    assert refusal("", b"text=a&marks=x", URLENCODED).errors[0]["field"] == "marks"
    assert refusal("", b"text=a&marks=1&marks=2", URLENCODED).errors[0]["message"] == "given more than once"


def test_a_form_may_hold_bytes() -> None:
    body = b"times=2&picture=%89PNG%0D%0A%00%FF"
    assert read_options(StampOptions, asking("", body, URLENCODED)) == StampOptions(picture=PICTURE, times=2)


def test_what_null_stands_for_in_json_is_not_given() -> None:
    body = b'{"text": "a", "marks": null, "filename": null, "animal": null}'
    assert read("", body, "application/json").model_fields_set == {"text"}
    assert refusal("", b'{"text": null}', "application/json").code == "missing_option"
    nested = b'{"shouts": [{"text": "a", "marks": null}]}'
    assert read_options(PackOptions, asking("", nested, "application/json")).shouts[0].marks == 1


@pytest.mark.parametrize("name", ["file", "FILE", "lines", "te-xt", "_text"])
def test_an_unknown_field_is_named_before_any_value_is_decoded(name: str) -> None:
    body = part("text", b"\xff") + part(name, b"\xff\xfe", "a.png", "image/png") + b"--b--"
    problem = refusal("", body, FORM)
    assert (problem.code, [error["field"] for error in problem.errors]) == ("unknown_option", [name])
    assert problem.errors[0]["message"].endswith("the nearest is 'text'")


def test_all_unknown_fields_of_a_form_are_named() -> None:
    problem = refusal("", part("mark", b"\xff") + part("loud", b"") + part("lines", b"x") + b"--b--", FORM)
    assert [error["field"] for error in problem.errors] == ["mark", "lines"]
    assert "'marks'" in problem.detail


def test_an_unknown_option_is_named_whatever_it_holds() -> None:
    assert refusal("mark=%ff", b"x").code == "unknown_option"


def test_the_nearest_option_is_that_of_the_same_part() -> None:
    with pytest.raises(Problem, match=r"shouts\.0\.lines: .*'text'"):
        read_options(PackOptions, asking("", b'{"shouts": [{"lines": "a"}]}', "application/json"))


def test_options_in_the_query_join_json_and_form() -> None:
    assert read("marks=2", b'{"text": "a"}', "application/json").marks == 2
    assert read("marks=2", part("text", b"a") + b"--b--", FORM).marks == 2


def test_options_that_were_left_empty_are_not_given() -> None:
    assert read("marks=&animal=", b"x").marks == 1
    assert read("", part("text", b"x") + part("marks", b"") + b"--b--", FORM).marks == 1


def test_an_empty_content_is_content() -> None:
    assert read("", b"").text == ""
    assert read("text=", method="GET", kind="").text == ""
    assert read("", part("text", b"") + b"--b--", FORM).text == ""


def test_what_comes_from_the_path_may_not_come_again() -> None:
    request = asking("marks=2", method="GET", kind="")
    assert read_options(ShoutOptions, request, text="a").text == "a"
    with pytest.raises(Problem, match="text: given more than once"):
        read_options(ShoutOptions, asking("text=b", method="GET", kind=""), text="a")


@pytest.mark.parametrize(
    ("query", "body", "kind"),
    [
        ("marks=1&marks=2", b"x", ""),
        ("marks=1", b'{"text": "", "marks": 1}', "application/json"),
        ("text=a", b"b", "text/plain"),
        ("", b'{"text": "", "marks": 1, "marks": 2}', "application/json"),
        ("", part("text", b"a") + part("text", b"b") + b"--b--", FORM),
    ],
)
def test_an_option_is_given_once(query: str, body: bytes, kind: str) -> None:
    problem = refusal(query, body, kind)
    assert problem.code == "invalid_option"
    assert problem.errors[0]["message"] == "given more than once"


@pytest.mark.parametrize(
    ("query", "body", "kind", "field"),
    [
        ("", b"a\xff", "text/plain", "text"),
        ("", b"\xed\xa0\x80", "text/plain", "text"),
        ("animal=%ff", b"", "", "animal"),
        ("%ff=1", b"", "", "query"),
        ("", b'{"text": "\xff"}', "application/json", "body"),
        ("", b'{"text": "\\ud800"}', "application/json", "text"),
        ("", b'{"text": "", "animal": "\\udfff"}', "application/json", "animal"),
        ("", part("text", b"\xff") + b"--b--", FORM, "text"),
        ("", part("animal", b"\xff") + b"--b--", FORM, "animal"),
    ],
)
def test_what_is_not_utf8_is_refused_and_named(query: str, body: bytes, kind: str, field: str) -> None:
    problem = refusal(query, body, kind)
    assert (problem.code, problem.errors[0]["field"]) == ("invalid_encoding", field)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "application/json"),
        (b"{", "application/json"),
        (b"[]", "application/json"),
        (b'"text"', "application/json"),
        (b"[" * 900, "application/json"),
        (b"9" * 900, "application/json"),
        (b"--b", FORM),
        (part("text", b"a"), FORM),
        (b"--b\r\nX: y\r\n\r\na\r\n--b--", FORM),
        (b"--b\r\nContent-Disposition: form-data\r\n\r\na\r\n--b--", "multipart/form-data"),
    ],
)
def test_what_cannot_be_read_is_malformed(body: bytes, kind: str) -> None:
    assert refusal("", body, kind).code == "malformed_body"


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("image/png", {}),
        ("video/mp4", {}),
        ("font/woff2", {}),
        ("application/pdf", {}),
        ("application/zip", {}),
        ("application/x-tar", {}),
        ("application/x-7z-compressed", {}),
        ("application/vnd.ms-excel", {}),
        ("application/epub+zip", {}),
        ("application/x-font-ttf", {}),
        ("application/x-sqlite3", {}),
        ("multipart/mixed", {}),
        ("nonsense", {}),
        ("text/plain; charset=latin-1", {}),
        ("application/json; charset=utf-16", {}),
        ("text/plain", {"HTTP_CONTENT_ENCODING": "gzip"}),
        ("application/json", {"HTTP_CONTENT_ENCODING": "br"}),
    ],
)
def test_what_is_of_another_type_is_unsupported(kind: str, more: dict[str, str]) -> None:
    assert refusal("", b"{}", kind, **more).code == "unsupported_type"


def test_a_task_without_content_takes_json_only() -> None:
    body = json.dumps({"shouts": [{"text": "a"}]}).encode()
    assert read_options(PackOptions, asking("", body, "application/json")).shouts[0].text == "a"
    for kind in ("", "text/plain", FORM):
        with pytest.raises(Problem) as refused:
            read_options(PackOptions, asking("", body, kind))
        assert refused.value.code in ("unsupported_type", "malformed_body", "unknown_option")


def test_too_large_a_body_is_refused() -> None:
    assert read("", b"x" * 1000).text == "x" * 1000
    assert refusal("", b"x" * 1001).code == "body_too_large"


def test_too_many_fields_are_refused() -> None:
    assert refusal("&".join(f"x{n}=1" for n in range(65))).code == "invalid_option"
    form = b"".join(part(f"x{n}", b"1") for n in range(65)) + b"--b--"
    request = asking("", form, FORM)
    request.max_content_length = None
    with pytest.raises(Problem) as refused:
        read_options(ShoutOptions, request)
    assert refused.value.code == "malformed_body"


def sung(query: str = "", body: bytes = b"", kind: str = "", **more: str) -> DuetOptions:
    return read_options(DuetOptions, asking(query, body, kind, **more))


def test_two_contents_come_from_the_query_json_or_a_form() -> None:
    duet = DuetOptions(high="a", low="", times=2)
    assert sung("high=a&low=&times=2", method="GET") == duet
    assert sung("high=a&low=&times=2") == duet
    assert sung("times=2", b'{"high": "a", "low": ""}', "application/json") == duet
    assert sung("times=2", part("high", b"a", "a.song") + part("low", b"", "b") + b"--b--", FORM) == duet
    assert sung("low=&times=2", part("high", b"a") + b"--b--", FORM) == duet


@pytest.mark.parametrize("query", ["", "times=2"])
@pytest.mark.parametrize("body", [b"high=a%0A&low=b", b"high=a\n&low=b&", b"low=b&high=a%0a"])
def test_where_a_raw_body_means_nothing_a_urlencoded_one_is_a_form(query: str, body: bytes) -> None:
    duet = sung(query, body, URLENCODED)
    assert (duet.high, duet.low) == ("a\n", "b")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"high=a", "missing_option"),
        (b"", "missing_option"),
        (b"high=a&low=b&middle=%ff", "unknown_option"),
        (b"high=a&low=\xff", "invalid_encoding"),
        (b"high=a&high=b&low=c", "invalid_option"),
        (b"high=a&low=b" + b"&times=1" * 64, "malformed_body"),
    ],
)
def test_and_what_is_wrong_with_it_is_told(body: bytes, code: str) -> None:
    with pytest.raises(Problem) as refused:
        sung("", body, URLENCODED)
    assert refused.value.code == code


def test_a_raw_body_cannot_be_two_contents() -> None:
    with pytest.raises(Problem) as refused:
        sung("", b"a", "text/plain")
    assert refused.value.code == "unsupported_type"


@pytest.mark.parametrize(
    "kind", ["", "text/x-song", "Text/X-Song; charset=utf-8", "text/plain", "application/octet-stream"]
)
def test_a_file_is_of_the_type_that_is_wanted_or_of_none(kind: str) -> None:
    assert sung("", part("high", b"a", "a", kind) + part("low", b"b", "b", "image/png") + b"--b--", FORM).high == "a"


@pytest.mark.parametrize("kind", ["image/png", "text/x-song; charset=latin-1", "text/html"])
def test_a_file_of_another_type_is_unsupported(kind: str) -> None:
    with pytest.raises(Problem, match="high") as refused:
        sung("", part("high", b"a", "a", kind) + part("low", b"b") + b"--b--", FORM)
    assert refused.value.code == "unsupported_type"
