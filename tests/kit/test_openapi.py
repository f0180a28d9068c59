"""The OpenAPI document is made from routes and models, and is valid OpenAPI 3.1."""

from typing import Any

import jsonschema_rs
import pytest
import schemathesis
from flask import Flask

from mergepoint.kit.web.app import base_app, openapi
from tests.kit.toy_service import DuetOptions, PackOptions, ShoutOptions

FORMS = {"multipart/form-data", "application/x-www-form-urlencoded"}


@pytest.fixture
def toy() -> Flask:
    app = base_app("toy", version="1", libraries={}, max_bytes=100)

    @app.route("/toy", methods=["GET", "POST", "QUERY"])
    @openapi.describe("Shout", ShoutOptions, produces=["text/plain"])
    def shout() -> str:
        return ""

    @app.get("/toy/<animal>/<text>.<any(txt, md):extension>")
    @openapi.describe("Shout in a link", ShoutOptions, produces=["text/plain"], path_options=("filename",))
    def link(animal: str, text: str, extension: str) -> str:
        return ""

    @app.post("/toy/pack")
    @openapi.describe("Shout often", PackOptions, produces=["application/json"])
    def pack() -> str:
        return ""

    @app.post("/toy/duet")
    @openapi.describe("Sing", DuetOptions, produces=["text/plain"])
    def duet() -> str:
        return ""

    @app.get("/toy/secret")
    def secret() -> str:
        return ""

    return app


@pytest.fixture
def document(toy: Flask) -> dict[str, Any]:
    return openapi.document(toy, "toy", "1")


def names(operation: dict[str, Any], place: str) -> set[str]:
    return {parameter["name"] for parameter in operation.get("parameters", ()) if parameter["in"] == place}


def test_it_has_what_was_described_and_nothing_else(document: dict[str, Any]) -> None:
    assert set(document["paths"]) == {
        "/toy",
        "/toy/{animal}/{text}.{extension}",
        "/toy/pack",
        "/toy/duet",
        "/toy/health",
    }
    assert set(document["paths"]["/toy"]) == {"get", "post"}


def test_a_get_takes_all_options_in_the_query(document: dict[str, Any]) -> None:
    assert names(document["paths"]["/toy"]["get"], "query") == {"text", "marks", "animal", "filename"}


def test_a_post_takes_the_content_as_body_and_options_in_the_query(document: dict[str, Any]) -> None:
    post = document["paths"]["/toy"]["post"]
    assert names(post, "query") == {"marks", "animal", "filename"}
    assert set(post["requestBody"]["content"]) == {"text/plain", "application/json", *FORMS}


def test_options_in_the_path_are_not_in_the_query(document: dict[str, Any]) -> None:
    link = document["paths"]["/toy/{animal}/{text}.{extension}"]["get"]
    assert names(link, "path") == {"animal", "text", "extension"}
    assert names(link, "query") == {"marks"}


def test_a_task_without_content_takes_json(document: dict[str, Any]) -> None:
    assert set(document["paths"]["/toy/pack"]["post"]["requestBody"]["content"]) == {"application/json"}


def test_every_answer_may_be_a_problem(document: dict[str, Any]) -> None:
    for path in document["paths"].values():
        for operation in path.values():
            assert "application/problem+json" in operation["responses"]["default"]["content"]


def test_descriptions_come_from_the_models(document: dict[str, Any]) -> None:
    (text,) = [p for p in document["paths"]["/toy"]["get"]["parameters"] if p["name"] == "text"]
    assert text["required"]
    assert text["schema"]["description"] == "what to shout"


def test_the_page_shows_all_of_it_and_escapes(document: dict[str, Any]) -> None:
    document["info"]["title"] = "<script>"
    page = openapi.page(document)
    assert "<script" not in page
    for word in ("POST /toy", "POST /toy/pack", "marks", "what to shout"):
        assert word in page


def validate(document: dict[str, Any]) -> None:
    schemathesis.openapi.from_dict(document).validate()
    for schema in document["components"]["schemas"].values():
        jsonschema_rs.meta.validate(schema)


def test_the_documents_are_valid(document: dict[str, Any], app: Flask) -> None:
    validate(document)
    validate(app.test_client().get("/highlight/openapi.json").json)
    with pytest.raises(jsonschema_rs.ValidationError):
        validate({**document, "paths": {"/toy": {"get": {"parameters": [{"name": "x"}]}}}})


def test_two_contents_are_no_raw_body_and_not_in_the_query(toy: Flask) -> None:
    duet = openapi.document(toy, "toy", "1")["paths"]["/toy/duet"]["post"]
    assert set(duet["requestBody"]["content"]) == {"application/json", *FORMS}
    assert [parameter["name"] for parameter in duet["parameters"]] == ["times"]
