"""Writes <service>.json: the calls are in tests/<service>/cases.py, what they give is recorded from the service.
Read what it makes of them.

python -m tests.contract.record highlight
"""

import base64
import importlib
import json
import sys
from pathlib import Path
from typing import Any

from tests.contract.faces import http_face, wsgi
from tests.contract.pixels import as_png
from tests.contract.runner import Case, Face, Outcome

BY_PIXELS = ("image/webp", "image/avif")  # whose encoders may choose other bytes on another processor


def main(service: str) -> None:
    app = importlib.import_module(f"mergepoint.{service}.web").create_app()
    face = http_face(wsgi(app))
    cases = importlib.import_module(f"tests.{service}.cases").CASES
    found = [case if "expect" in case else case | {"expect": recorded(case, service, face)} for case in cases]
    if "sandbox" in app.extensions:
        app.extensions["sandbox"].close()
    target = Path(__file__).with_name(f"{service}.json")
    target.write_text(json.dumps({"cases": found}, ensure_ascii=False, indent=1) + "\n", "utf-8")


def recorded(case: dict[str, Any], service: str, face: Face) -> dict[str, Any]:
    outcome: Outcome = face(Case(**case, expect={}, service=service))
    if outcome.error:
        return {"error": outcome.error, "status": outcome.status}
    said = {"type": outcome.type, **outcome.about} if outcome.about else {}
    about = {name: value for name, value in said.items() if value is not None}
    if about.get("type") in BY_PIXELS:
        return {"pixels": as_png(outcome.body), **about}
    if about and not outcome.body:  # what is said is all there is
        return about
    try:
        return {"text": outcome.body.decode(), **about}
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(outcome.body).decode(), **about}


if __name__ == "__main__":
    for name in sys.argv[1:]:
        main(name)
