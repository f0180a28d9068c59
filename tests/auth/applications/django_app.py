"""A small Django application as people write them: sessions, CSRF protection and the security middleware as they ship.

Its paths begin with $PREFIX, as nginx passes them. Nothing in it knows of Mergepoint.
"""

import hashlib
import os
import tempfile

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.urls import path
from django.utils.html import escape
from django.views.decorators.csrf import csrf_exempt

PREFIX = os.environ["PREFIX"].strip("/")

settings.configure(
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    SECRET_KEY=os.urandom(32).hex(),
    SECURE_PROXY_SSL_HEADER=("HTTP_X_FORWARDED_PROTO", "https"),
    SESSION_COOKIE_NAME="django_session",
    SESSION_ENGINE="django.contrib.sessions.backends.file",
    SESSION_FILE_PATH=tempfile.gettempdir(),
    MIDDLEWARE=[
        "django.middleware.security.SecurityMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.middleware.clickjacking.XFrameOptionsMiddleware",
    ],
)

PAGE = """<!doctype html><html lang="en"><title>Django</title>
<p id="visits">{visits}</p><p id="said">{said}</p>
<form method="post" enctype="{kind}"><input type="hidden" name="csrfmiddlewaretoken" value="{token}">
{fields}<button>Send</button></form>"""


def page(request: HttpRequest, said: str, *, kind: str, fields: str) -> HttpResponse:
    request.session["visits"] = request.session.get("visits", 0) + 1
    visits = request.session["visits"]
    return HttpResponse(
        PAGE.format(visits=visits, said=escape(said), token=get_token(request), kind=kind, fields=fields)
    )


def form(request: HttpRequest) -> HttpResponse:
    """A text that is posted and shown."""
    fields = '<label>Text <input name="text"></label>'
    return page(request, request.POST.get("text", ""), kind="application/x-www-form-urlencoded", fields=fields)


def upload(request: HttpRequest) -> HttpResponse:
    """A file that is posted; its size and hash are shown."""
    file = request.FILES.get("file")
    said = f"{file.size} {hashlib.sha256(file.read()).hexdigest()}" if file else ""
    fields = '<label>File <input type="file" name="file"></label>'
    return page(request, said, kind="multipart/form-data", fields=fields)


@csrf_exempt
def seen(request: HttpRequest) -> JsonResponse:
    """What arrived: method, scheme, address and headers."""
    return JsonResponse(
        {
            "method": request.method,
            "url": request.build_absolute_uri(),
            "headers": dict(request.headers),
            "size": len(request.body),
        }
    )


urlpatterns = [path(f"{PREFIX}/form", form), path(f"{PREFIX}/upload", upload), path(f"{PREFIX}/seen", seen)]

django.setup()
application = get_wsgi_application()
