"""A recording as one self-contained page: no network, no other files, and nothing in it that was recorded can run.

What was recorded reaches the page as JSON in a data block, in which ``<``, ``>`` and ``&`` are written as escapes, and is shown
as text, never as markup. The content-security policy allows the two blocks of script and style that we put there, by their
hashes, and nothing else.
"""

import base64
import hashlib
import json
from html import escape
from pathlib import Path
from typing import Any

from fastimport.diagnosis.record.model import KINDS, Module, Recording
from fastimport.diagnosis.report.short import measured
from fastimport.diagnosis.report.text import headline, summary_notes
from fastimport.diagnosis.report.view import parts, place

_PAGE = Path(__file__).parent / "page"
_SCRIPTS = ("main", "canvas", "icicle", "table", "timeline")
_ESCAPES = {ord(each): f"\\u{ord(each):04x}" for each in "<>&\u2028\u2029"}


def render_html(recording: Recording) -> str:
    """The page."""
    style = "\n" + _read("style.css")
    script = '\n"use strict";\n' + "\n".join(_read(f"{name}.js") for name in _SCRIPTS) + "\nstart();\n"
    policy = f"default-src 'none'; script-src {_hash(script)}; style-src {_hash(style)}; base-uri 'none'; form-action 'none'"
    fields = {
        "policy": policy,
        "title": escape(recording.program),
        "style": style,
        "data": json.dumps(_data(recording), separators=(",", ":")).translate(_ESCAPES),
        "script": script,
    }
    head, *rest = _read("page.template").split("{")
    page = [head]
    for part in rest:  # one pass: what is put in is not looked at again
        name, _, text = part.partition("}")
        page += [fields[name], text]
    return "".join(page)


def _read(name: str) -> str:
    return (_PAGE / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    """As browsers compute it: of the characters between the tags."""
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"


def _data(recording: Recording) -> dict[str, Any]:
    kinds = list(KINDS)
    kinds += sorted({kind for module in recording.modules for kind in module.ns} - set(kinds))
    return {
        "program": recording.program,
        "headline": f"{headline(recording)}; {recording.python}, {recording.platform}",
        "total": recording.total_ns,
        "before": recording.before_ns + recording.install_ns,
        "parts": [[name, _colour(name), ns, KINDS.get(name, "")] for name, ns in parts(recording).items()],
        "notes": summary_notes(recording),
        "could_be": recording.could_be_ns,
        "changes": [
            [each.saving_ns, each.title, each.places, each.why, each.edit, each.risk, measured(each)]
            for each in recording.changes
        ],
        "kinds": kinds,
        "meanings": KINDS,
        "modules": [_row(module, kinds) for module in recording.modules],
        "threads": [[thread.name, thread.start_ns, thread.end_ns] for thread in recording.threads],
        "entries": [
            [entry.path, entry.index, entry.probes, entry.found, entry.ns, entry.listings, entry.listing_ns]
            for entry in recording.entries
        ],
        "shadowed": [[each.name, each.winner, ", ".join(each.hidden)] for each in recording.shadowed],
    }


def _row(module: Module, kinds: list[str]) -> list[Any]:
    costs = [value for kind, ns in module.ns.items() for value in (kinds.index(kind), ns)]
    parent = -1 if module.parent is None else module.parent
    return [
        module.name, parent, module.thread, module.start_ns, module.end_ns, costs, module.form, place(module), module.origin,
        module.entry, module.size, module.compiled, module.written, module.error, module.spread,
        module.importers, module.only_ns, module.late,
    ]  # fmt: skip


def _colour(part: str) -> str:
    return part if part in KINDS else "outside" if part == "outside imports" else "before"
