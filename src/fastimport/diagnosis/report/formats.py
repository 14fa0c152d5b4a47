"""From and to files: which format is written by whom, and what kind of file one is."""

import codecs
from collections.abc import Callable
from pathlib import Path

from fastimport.diagnosis.record.model import NotARecording, Recording
from fastimport.diagnosis.record.reading import from_json
from fastimport.diagnosis.report import importtime as logs
from fastimport.diagnosis.report import traces
from fastimport.diagnosis.report.view import EVERYTHING, Selection

FORMATS = ("text", "json", "speedscope", "chrome", "folded", "importtime", "html")
_WHOLE: dict[str, Callable[[Recording], str]] = {
    "json": lambda recording: recording.to_json() + "\n",
    "speedscope": traces.speedscope,
    "chrome": traces.chrome,
    "folded": traces.folded,
    "importtime": traces.importtime,
}


def render(recording: Recording, name: str, selection: Selection = EVERYTHING, view: str = "tree") -> str:
    """The report in the format `name` of `FORMATS`. `selection` and `view` are for ``text``; other formats hold everything."""
    if name == "text":
        from fastimport.diagnosis.report.text import render_text

        return render_text(recording, selection, view)
    if name == "html":
        from fastimport.diagnosis.report.html import render_html

        return render_html(recording)
    return _WHOLE[name](recording)


def read_file(path: str) -> Recording:
    """The recording in a file: JSON of ours, or a log of ``-X importtime``. Raises `NotARecording` or `OSError`."""
    try:
        data = Path(path).read_bytes()
    except IsADirectoryError:
        raise NotARecording(f"{path}: a directory, not a recording") from None
    encoding = "utf-16" if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"  # PowerShell's >
    text = data.decode(encoding, errors="replace")
    if text.lstrip().startswith(("{", "[")):
        return from_json(text, path)
    return logs.read_log(text, path)
