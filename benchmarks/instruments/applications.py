"""The applications that are measured, each defined once: what it is, and the code that starts it.

The code is the import work of a real start, not a bare ``import``: settings, registries and lazily loaded parts
included.  It must not depend on files of this repository, touch the network or leave anything behind.
"""

import importlib.util
from typing import NamedTuple


class Application(NamedTuple):
    """``needs`` are the top-level modules without which the code can't run."""

    name: str
    needs: tuple[str, ...]
    code: str


DJANGO_ADMIN = Application(
    "Django admin",
    ("django",),
    """
from django.conf import settings
settings.configure(
    SECRET_KEY="benchmark", ROOT_URLCONF="django.contrib.admin.sites", USE_TZ=True,
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    INSTALLED_APPS=["django.contrib." + name for name in (
        "admin", "auth", "contenttypes", "sessions", "messages", "staticfiles")],
    MIDDLEWARE=["django.contrib.sessions.middleware.SessionMiddleware",
                "django.contrib.auth.middleware.AuthenticationMiddleware",
                "django.contrib.messages.middleware.MessageMiddleware"],
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}],
)
import django
django.setup()
from django.contrib import admin
admin.site.urls
from django.core.handlers.wsgi import WSGIHandler
WSGIHandler()
""",
)

PANDAS = Application("pandas", ("pandas",), "import pandas; pandas.DataFrame({'a': [1, 2]}).sum()")

SYMPY = Application("SymPy", ("sympy",), "import sympy; sympy.Symbol('x')")

SQLALCHEMY_ORM = Application(
    "SQLAlchemy ORM",
    ("sqlalchemy",),
    """
from sqlalchemy import String, create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
class Base(DeclarativeBase): pass
class User(Base):
    __tablename__ = "user"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(30))
Session(create_engine("sqlite://"))
""",
)

BOTO3 = Application(
    "boto3",
    ("boto3",),
    "import boto3; boto3.client('s3', region_name='us-east-1', aws_access_key_id='a', aws_secret_access_key='b')",
)

FASTAPI = Application(
    "FastAPI",
    ("fastapi",),
    """
import fastapi, pydantic
application = fastapi.FastAPI()
class Item(pydantic.BaseModel):
    name: str
@application.post("/items")
def create(item: Item) -> Item: return item
""",
)

BLACK = Application("black --version", ("black",), "import black, sys; sys.argv = ['black', '--version']; black.main()")

SPHINX = Application(
    "Sphinx",
    ("sphinx",),
    """
import importlib
import sphinx.application
for name in sphinx.application.builtin_extensions: importlib.import_module(name)
""",
)

CELERY = Application(
    "Celery",
    ("celery", "kombu"),
    """
import celery, kombu
application = celery.Celery('a', broker='memory://')
application.finalize()
application.loader
kombu.Connection('memory://')
""",
)

GOOGLE_STORAGE = Application("google-cloud-storage", ("google.cloud.storage",), "from google.cloud import storage")

SCIKIT_LEARN = Application(
    "scikit-learn",
    ("sklearn",),
    "from sklearn import ensemble, linear_model, pipeline; pipeline.make_pipeline(linear_model.Ridge())",
)

# Without those that print, open a browser, need a display, or are deprecated in one version and gone in the next.
STANDARD_LIBRARY = Application(
    "standard library",
    (),
    """
import importlib, sys, warnings
warnings.simplefilter("ignore")
for name in sorted(sys.stdlib_module_names - {"antigravity", "this", "idlelib", "tkinter", "turtle", "turtledemo"}):
    if not name.startswith("_"):
        try: importlib.import_module(name)
        except ImportError: pass
""",
)

NOTHING = Application("pass", (), "pass")

ONE_MODULE = Application("one module", (), "import colorsys")

AIOHTTP = Application("aiohttp.web", ("aiohttp",), "from aiohttp import web; web.Application()")

OPENTELEMETRY = Application(
    "OpenTelemetry SDK",
    ("opentelemetry.sdk",),
    "import opentelemetry.sdk.trace.export, opentelemetry.sdk.metrics.export, opentelemetry.sdk.resources",
)

JUPYTER = Application("jupyter_client", ("jupyter_client",), "import jupyter_client; jupyter_client.KernelManager")

JUPYTERLAB = Application("JupyterLab", ("jupyterlab",), "import jupyterlab.labapp")

AIRFLOW = Application(
    "Airflow",
    ("airflow",),
    """
import os, tempfile
home = tempfile.TemporaryDirectory()
os.environ["AIRFLOW_HOME"] = home.name
os.environ["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"] = f"sqlite:///{home.name}/airflow.db"
import airflow, airflow.models, airflow.cli.cli_parser
""",
)

TORCH = Application("torch", ("torch",), "import torch")

BIG = (SCIKIT_LEARN, JUPYTERLAB, AIRFLOW, TORCH)
"""Programs of more than 1,500 modules."""

TARGETS = (
    DJANGO_ADMIN, PANDAS, SQLALCHEMY_ORM, BOTO3, SYMPY, FASTAPI, CELERY, AIOHTTP, GOOGLE_STORAGE, OPENTELEMETRY, BLACK, JUPYTER,
    STANDARD_LIBRARY,
)  # fmt: skip
"""Those whose mean is compared with what was promised."""

DEMO = (DJANGO_ADMIN, PANDAS, SYMPY, BOTO3)

ALL = (
    *DEMO, SQLALCHEMY_ORM, FASTAPI, AIOHTTP, OPENTELEMETRY, JUPYTER, BLACK, SPHINX, CELERY, GOOGLE_STORAGE, SCIKIT_LEARN,
    JUPYTERLAB, AIRFLOW, TORCH, STANDARD_LIBRARY, NOTHING, ONE_MODULE,
)  # fmt: skip


def missing(application: Application) -> list[str]:
    """Return the modules that *application* needs and this environment lacks."""
    return [name for name in application.needs if not _is_there(name)]


def _is_there(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:
        return False
