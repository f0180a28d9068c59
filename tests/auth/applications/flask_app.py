"""A small Flask application as people write them: sessions, and CSRF protection by Flask-WTF, strict as it ships.

Its paths begin with $PREFIX, as nginx passes them. Nothing in it knows of Mergepoint.
"""

import hashlib
import os

from flask import Blueprint, Flask, Response, jsonify, render_template_string, request, session
from flask_wtf.csrf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

PAGE = """<!doctype html><html lang="en"><title>Flask</title>
<p id="visits">{{ session.visits }}</p><p id="said">{{ said }}</p>
<form method="post" enctype="{{ kind }}"><input type="hidden" name="csrf_token" value="{{ csrf_token() }}">
{{ fields|safe }}<button>Send</button></form>"""

application = Flask(__name__)
application.config |= {"SECRET_KEY": os.urandom(32), "SESSION_COOKIE_NAME": "flask_session"}
application.wsgi_app = ProxyFix(application.wsgi_app, x_for=1, x_proto=1, x_host=1)  # type: ignore[method-assign]
csrf = CSRFProtect(application)
pages = Blueprint("pages", __name__, url_prefix=os.environ["PREFIX"].rstrip("/"))


def page(said: str, *, kind: str, fields: str) -> str:
    session["visits"] = session.get("visits", 0) + 1
    return render_template_string(PAGE, said=said, kind=kind, fields=fields)


@pages.route("/form", methods=["GET", "POST"])
def form() -> str:
    """A text that is posted and shown."""
    fields = '<label>Text <input name="text"></label>'
    return page(request.form.get("text", ""), kind="application/x-www-form-urlencoded", fields=fields)


@pages.route("/upload", methods=["GET", "POST"])
def upload() -> str:
    """A file that is posted; its size and hash are shown."""
    file = request.files.get("file")
    content = file.read() if file else b""
    said = f"{len(content)} {hashlib.sha256(content).hexdigest()}" if file else ""
    return page(said, kind="multipart/form-data", fields='<label>File <input type="file" name="file"></label>')


@pages.route("/seen", methods=["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
@csrf.exempt
def seen() -> Response:
    """What arrived: method, scheme, address and headers."""
    headers = dict(request.headers)
    return jsonify(method=request.method, url=request.url, headers=headers, size=len(request.get_data()))


application.register_blueprint(pages)
