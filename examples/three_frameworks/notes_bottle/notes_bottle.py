"""Shows the notes as text, with Bottle."""

from bottle import Bottle, request, response

app = Bottle()


@app.get("/")
@app.get("/<_:path>")
def read(_=""):
    response.content_type = "text/plain; charset=utf-8"
    return "".join(
        f"{who}: {text}\n" for who, text in request.environ["mergepoint"]["db"].execute("select * from note")
    )


if __name__ == "__main__":
    import alone

    alone.run(app)
