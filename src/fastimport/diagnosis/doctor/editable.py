"""Editable installations (PEP 660): an entry or a finder more for every import."""

import importlib.metadata
import json
import os
import sysconfig
import urllib.parse
import urllib.request
from collections.abc import Iterator

from fastimport.diagnosis.doctor import finders
from fastimport.diagnosis.doctor.findings import NOTICE, WARNING, Finding


def find() -> Iterator[Finding]:
    """Yield the finders of editable installations with their cost, then the installations."""
    yield from finders.of_editable_installations()
    for distribution in importlib.metadata.distributions():
        yield from _editable_distribution(distribution)


def _editable_distribution(distribution: importlib.metadata.Distribution) -> Iterator[Finding]:
    """PEP 610: an editable installation says where its source is."""
    try:
        origin = json.loads(distribution.read_text("direct_url.json") or "{}")
        is_editable = bool(origin.get("dir_info", {}).get("editable"))
        url = urllib.parse.urlsplit(origin.get("url", ""))
    except (ValueError, AttributeError, OSError):
        return
    if not is_editable or url.scheme != "file":
        return
    name, source = str(distribution.metadata["Name"]), urllib.request.url2pathname(url.path)
    details = {"source": source}
    if not os.path.isdir(source):
        text = f"is an editable installation of {source}, which does not exist"
        yield Finding("editable without source", WARNING, name, text, f"install it again, or: pip uninstall {name}", details)
    elif not source.startswith(sysconfig.get_path("purelib")):
        text = f"is an editable installation of {source}: an entry or a finder more for every import"
        yield Finding("editable", NOTICE, name, text, "install it without -e where time matters", details)
