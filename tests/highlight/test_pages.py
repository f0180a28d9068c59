"""Pages and marked-up answers: whatever is sent, none of it becomes markup."""

from html.parser import HTMLParser

import pytest
from flask.testing import FlaskClient

EVIL = "</title></style></pre><script>alert(1)</script><img src=x onerror=alert(1)>\"'&"


class Elements(HTMLParser):
    """Counts elements, and collects what is in <title>."""

    def __init__(self, document: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.attributes: set[str] = set()
        self.title = ""
        self._last = ""
        self.feed(document)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.found.append(tag)
        self.attributes.update(name for name, _ in attributes)
        self._last = tag

    def handle_data(self, data: str) -> None:
        if self._last == "title":
            self.title += data
            self._last = ""


def page(client: FlaskClient, code: str = "x = 1", **options: object) -> str:
    reply = client.post("/highlight", query_string={"language": "python", "page": 1} | options, data=code.encode())
    assert reply.status_code == 200, reply.text
    return reply.text


@pytest.mark.parametrize("css", ["classes", "inline"])
@pytest.mark.parametrize("linenos", ["none", "inline", "table"])
def test_a_page_is_a_complete_document(client: FlaskClient, css: str, linenos: str) -> None:
    text = page(client, css=css, linenos=linenos, title="my code")
    assert text.startswith("<!doctype html>\n")
    assert text.endswith("</html>\n")
    elements = Elements(text)
    assert elements.title == "my code"
    assert {"html", "head", "title", "style", "body", "pre"} <= set(elements.found)
    assert ".highlight .k" in text if css == "classes" else ".highlight" not in text


def test_a_page_has_a_title_without_one(client: FlaskClient) -> None:
    assert Elements(page(client)).title


def test_the_title_is_text(client: FlaskClient) -> None:
    elements = Elements(page(client, title=EVIL))
    assert elements.title == EVIL
    assert "script" not in elements.found
    assert "img" not in elements.found


@pytest.mark.parametrize("form", ["html", "svg"])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"css": "inline"},
        {"page": 1},
        {"linenos": "table"},
        {"dark_style": "monokai"},
        {"nowrap": 1},
        {"anchors": "L"},
    ],
)
@pytest.mark.parametrize("language", ["text", "html", "python", "javascript", "raw", "html+php", "console", "rst"])
def test_the_text_is_text(client: FlaskClient, form: str, options: dict[str, object], language: str) -> None:
    query = {"language": language, "format": form} | options
    reply = client.post("/highlight", query_string=query, data=EVIL)
    if reply.status_code == 422:
        assert language == "raw"
        return
    elements = Elements(reply.text)
    assert "script" not in elements.found
    assert "img" not in elements.found
    assert not [name for name in elements.attributes if name.startswith("on")]


@pytest.mark.parametrize("name", ["language", "style", "dark_style", "anchors", "format", "hl_lines"])
def test_no_option_becomes_markup(client: FlaskClient, name: str) -> None:
    reply = client.post("/highlight", query_string={name: EVIL}, data="x")
    assert reply.content_type == "application/problem+json"


@pytest.mark.parametrize("name", ["filename", "mimetype"])
def test_nor_does_a_hint(client: FlaskClient, name: str) -> None:
    assert (
        client.post("/highlight", query_string={name: EVIL}, data="x").data == client.post("/highlight", data="x").data
    )


@pytest.mark.parametrize("language", ["Raw token data"])
def test_a_lexer_without_aliases_has_a_name_fit_for_a_header(client: FlaskClient, language: str) -> None:
    reply = client.post("/highlight", query_string={"language": language}, data="Token.Text\t'x'\n")
    assert reply.status_code == 200
    assert reply.headers["Mergepoint-Language"].isascii()


def test_anchors_are_ids_on_every_line(client: FlaskClient) -> None:
    text = page(client, "a\nb\nc", anchors="L", page=0)
    for number in (1, 2, 3):
        assert f'id="L-{number}"' in text


@pytest.mark.parametrize("path", ["/highlight/docs"])
def test_the_documentation_runs_nothing(client: FlaskClient, path: str) -> None:
    elements = Elements(client.get(path).text)
    assert "script" not in elements.found
