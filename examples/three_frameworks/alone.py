"""What the applications share, and how each runs alone: ``PYTHONPATH=. python notes_bottle/notes_bottle.py``."""

import os
import sqlite3
from contextlib import closing
from wsgiref.simple_server import make_server

from mergepoint.suite import inject


def database(_environ):
    """Return the session of one request, which is closed at its end."""
    db = sqlite3.connect(os.environ.get("NOTES", "notes.db"))
    db.execute("create table if not exists note (who, text)")
    return closing(db)


def run(app):
    app = inject(app, db=database, user=lambda environ: None)
    make_server("127.0.0.1", int(os.environ.get("PORT", "8000")), app).serve_forever()
