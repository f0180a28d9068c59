"""What there is: languages, formats, styles, style sheets."""

import pytest
from flask.testing import FlaskClient
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_all_lexers
from pygments.styles import get_all_styles


def test_all_languages_of_pygments_are_listed(client: FlaskClient) -> None:
    languages = client.get("/highlight/languages").json["languages"]
    assert {language["name"] for language in languages} == {name for name, *_ in get_all_lexers()}
    (python,) = [language for language in languages if language["name"] == "Python"]
    assert python["aliases"][:2] == ["python", "py"]
    assert "*.py" in python["filenames"]
    assert "text/x-python" in python["mimetypes"]
    names = [language["name"].lower() for language in languages]
    assert names == sorted(names)


def test_all_formats_are_listed_with_type_and_extension(client: FlaskClient) -> None:
    formats = client.get("/highlight/formats").json["formats"]
    assert formats[0] == {"name": "html", "type": "text/html; charset=utf-8", "extension": "html"}
    for form in formats:
        reply = client.post(f"/highlight?language=python&format={form['name']}", data="x")
        assert reply.content_type == form["type"]
        assert client.get(f"/highlight/python/eA.{form['extension']}").status_code == 200


def test_all_styles_are_listed_and_have_a_sheet(client: FlaskClient) -> None:
    styles = client.get("/highlight/styles").json["styles"]
    assert [style["name"] for style in styles] == sorted(get_all_styles())
    for style in styles:
        assert set(style) == {"name", "background", "dark"}
        reply = client.get(f"/highlight/styles/{style['name']}.css")
        assert reply.content_type == "text/css; charset=utf-8"
        assert reply.text == HtmlFormatter(style=style["name"]).get_style_defs(".highlight") + "\n"


def test_a_sheet_for_both_preferences(client: FlaskClient) -> None:
    css = client.get("/highlight/styles/default.css?dark=monokai").text
    assert css.count("@media") == 2
    assert client.get("/highlight/styles/default.css").text.strip()[:40] in css


@pytest.mark.parametrize("name", ["nope", "MONOKAI", "a/b", "%ff", "x" * 200, "monokai.css"])
def test_no_such_sheet_is_404(client: FlaskClient, name: str) -> None:
    reply = client.get(f"/highlight/styles/{name}.css")
    assert (reply.status_code, reply.json["code"]) == (404, "not_found")


def test_no_such_sheet_names_the_nearest(client: FlaskClient) -> None:
    reply = client.get("/highlight/styles/monokay.css")
    assert "'monokai'" in reply.json["detail"]
    assert reply.json["errors"][0]["field"] == "name"


def test_an_unknown_dark_style_is_422(client: FlaskClient) -> None:
    reply = client.get("/highlight/styles/default.css?dark=monokay")
    assert (reply.status_code, reply.json["code"]) == (422, "unknown_style")
    assert reply.json["errors"][0]["field"] == "dark"


@pytest.mark.parametrize("name", ["languages", "formats", "styles", "styles/monokai.css"])
def test_lists_take_no_other_option(client: FlaskClient, name: str) -> None:
    reply = client.get(f"/highlight/{name}?nope=1")
    assert (reply.status_code, reply.json["code"]) == (422, "unknown_option")


def test_health_tells_the_versions(client: FlaskClient) -> None:
    import pygments

    health = client.get("/highlight/health").json
    assert (health["status"], health["service"]) == ("ok", "highlight")
    assert health["libraries"]["pygments"] == pygments.__version__
