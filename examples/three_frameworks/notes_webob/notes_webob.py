"""Says who asks, with WebOb: it reads the environ and belongs to no framework."""

from webob import Request, Response


def app(environ, start_response):
    request = Request(environ)
    user = environ["mergepoint"]["user"]
    said = {"user": user["name"] if user else None, "path": request.path, "here": request.application_url}
    return Response(json_body=said)(environ, start_response)


if __name__ == "__main__":
    import alone

    alone.run(app)
