"""Counts the notes, and shows code in colours by another application, with Django."""

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import JsonResponse
from django.urls import path, reverse

from mergepoint.suite import to_django


def count(request):
    [number] = request.environ["mergepoint"]["db"].execute("select count(*) from note").fetchone()
    return JsonResponse({"notes": number, "code": reverse("code")})


def code(request):
    return to_django(request, settings.HIGHLIGHTER) if settings.HIGHLIGHTER else JsonResponse({}, status=404)


urlpatterns = [path("", count), path("highlight", code, name="code")]


def create_app(highlighter=None):
    """Return the application; *highlighter* is another one, which answers at the path /highlight."""
    settings.configure(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"], SECRET_KEY="x", HIGHLIGHTER=highlighter)
    return get_wsgi_application()


if __name__ == "__main__":
    import alone

    alone.run(create_app())
