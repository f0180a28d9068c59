"""All of them as one application, with Mergepoint's services: ``gunicorn merged:app``, or by suite.ini."""

import notes_bottle
import notes_django
import notes_flask
import notes_webob
from alone import database

from mergepoint.suite import dispatch, inject, wsgi

ours = wsgi("highlight, auth")
PARTS = {
    "ours": ours,
    "flask": notes_flask.create_app(reader=notes_bottle.app),
    "bottle": notes_bottle.app,
    "django": notes_django.create_app(highlighter=ours),
    "webob": notes_webob.app,
}
MOUNTS = {"/": "ours", "/write": "flask", "/read": "bottle", "/count": "django", "/who": "webob"}


def share(app):
    """Return *app* with one user and one session of the database for all of its parts."""
    return inject(app, db=database, user=ours.user)


app = share(dispatch({mount: PARTS[name] for mount, name in MOUNTS.items()}))


# What suite.ini calls, by the protocols of PasteDeploy.
def composite(loader, _defaults, **mounts):
    return dispatch({mount: loader.get_app(name) for mount, name in mounts.items()})


def shared(_defaults):
    return share


def part(_defaults, name):
    return PARTS[name]
