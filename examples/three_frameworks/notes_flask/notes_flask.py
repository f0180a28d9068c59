"""Takes notes, with Flask. Who writes and where it is kept, the environ says."""

from flask import Flask, redirect, request, url_for


def create_app(reader=None):
    """Return the application; *reader* is another one, of any framework, that shows the notes."""
    app = Flask("notes_flask")

    @app.get("/")
    def form():
        return f'<form method="post" action="{url_for("write")}"><input name="text"><button>Write</button></form>'

    @app.post("/")
    def write():
        shared = request.environ["mergepoint"]
        who = shared["user"]["name"] if shared["user"] else "nobody"
        shared["db"].execute("insert into note values (?, ?)", (who, request.form["text"]))
        shared["db"].commit()
        return redirect(url_for("form"), 303)

    if reader:
        app.add_url_rule("/read/", view_func=lambda: reader, endpoint="read")  # any WSGI application is a response
    return app


if __name__ == "__main__":
    import alone

    alone.run(create_app())
