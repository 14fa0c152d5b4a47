"""Twelve applications, each imported and used once: what ``benchmarks/lazy_imports.py`` learns and measures."""

from instruments.applications import DJANGO_ADMIN, Application

_APPS = """\
from django.conf import settings
names = ("admin", "auth", "contenttypes", "messages", "sessions")
settings.configure(INSTALLED_APPS=["django.contrib." + name for name in names])
from django.contrib import admin
print(admin.ModelAdmin.list_per_page)
"""
_TASK = """\
import celery
application = celery.Celery("a", broker="memory://")
@application.task(name="add")
def add(x, y): return x + y
print(add(1, 2))
"""
_BUILTIN_TASKS = "import celery\napplication = celery.Celery('a', broker='memory://')\nprint(len(application.tasks))\n"
_FORMAT = "import black\nprint(black.format_str('x  =  1', mode=black.Mode()))\n"
_SET_UP = DJANGO_ADMIN.code.partition("admin.site.urls")[0] + "print(admin.site.name)\n"

USES = (
    Application("Django admin", ("django",), _APPS),
    Application("pandas", ("pandas",), "import pandas\nprint(pandas.DataFrame({'a': [1, 2]}).sum())\n"),
    Application("SQLAlchemy", ("sqlalchemy",), "import sqlalchemy\nprint(sqlalchemy.text('select 1'))\n"),
    Application("boto3", ("boto3",), "import boto3\nprint(boto3.Session(region_name='us-east-1').region_name)\n"),
    Application("SymPy", ("sympy",), "import sympy\nprint(sympy.Symbol('x') + 1)\n"),
    Application("FastAPI", ("fastapi",), "import fastapi\nprint(fastapi.FastAPI().title)\n"),
    Application("rich", ("rich",), "import rich\nrich.print('[bold]hello[/bold]')\n"),
    Application("celery", ("celery",), _TASK),
    Application("black", ("black",), "import black\nprint(black.Mode().line_length)\n"),
    Application("aiohttp", ("aiohttp",), "from aiohttp import web\nprint(len(web.Application().router.routes()))\n"),
    Application("Flask", ("flask",), "import flask\nprint(flask.Flask('a').name)\n"),
    Application("httpx", ("httpx",), "import httpx\nprint(httpx.Request('GET', 'https://example.org/a?b=1').url)\n"),
)
HEAVIER = (
    Application("Django admin, set up", ("django",), _SET_UP),
    Application("celery, built-in tasks", ("celery",), _BUILTIN_TASKS),
    Application("black, formatting", ("black",), _FORMAT),
)
"""Uses that need more of the package, and side effects of its imports: not in the mean."""
