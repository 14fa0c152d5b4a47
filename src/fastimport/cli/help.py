"""How help texts look: prose is filled, examples are left as they are."""

import argparse

_HEADING = "examples:"

EXAMPLES = {
    "bench": ["fastimport bench -m yourapp", "fastimport bench --levels checked,frozen -m yourapp",
              "fastimport bench old.py -- new.py"],
    "build": ["fastimport build", "fastimport build --by-content", "fastimport build -o app.fastimport --from -m yourapp --help"],
    "clean": ["fastimport clean --auto", "fastimport clean app.fastimport"],
    "completion": ["fastimport completion bash > ~/.local/share/bash-completion/completions/fastimport",
                   "fastimport completion zsh > ~/.zfunc/_fastimport"],
    "diff": ["fastimport diff before.json after.json", "fastimport diff --fail-above 10% --markdown before.json after.json"],
    "disable": ["fastimport disable --dry-run", "fastimport disable --prefix .venv"],
    "doctor": ["fastimport doctor", "fastimport doctor --only bytecode,pth"],
    "enable": ["fastimport enable", "fastimport enable --freshness trusted --prefix .venv"],
    "exec": ["fastimport exec -- yourapp --its --arguments", "fastimport exec --freshness trusted -- pytest"],
    "explain": ["fastimport explain json.decoder", "fastimport explain --no-import yourapp.web"],
    "lazy": ["fastimport lazy learn -m yourapp report", "fastimport lazy learn --check 'pytest -q' -m yourapp",
             "fastimport lazy explain yourapp.web", "fastimport lazy show lazy.toml"],
    "paths": ["fastimport paths", "fastimport paths -m yourapp"],
    "profile": ["fastimport profile -m yourapp", "fastimport profile -o report.html yourapp",
                "fastimport profile --until-import yourapp.wsgi -m gunicorn yourapp.wsgi"],
    "report": ["fastimport report start.json", "fastimport report -o start.html start.json"],
    "run": ["fastimport run -m yourapp", "fastimport run --freshness trusted script.py"],
    "speedup": ["fastimport speedup -m yourapp", "fastimport speedup --apply -m yourapp"],
    "status": ["fastimport status", "fastimport status --json"],
    "verify": ["fastimport verify", "fastimport verify --top json --deep"],
}  # fmt: skip


class Formatter(argparse.HelpFormatter):
    """argparse's, but for lines under the heading of examples."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        prose, _, lines = text.partition(f"\n{_HEADING}\n")
        filled = super()._fill_text(prose, width, indent)
        return f"{filled}\n\n{_HEADING}\n{lines}" if lines else filled


def add_examples(command: str, parser: argparse.ArgumentParser) -> None:
    """Put the examples of `command` at the end of its help."""
    lines = "\n".join(f"  {example}" for example in EXAMPLES[command])
    parser.epilog = f"{parser.epilog or ''}\n{_HEADING}\n{lines}"
    parser.formatter_class = Formatter
