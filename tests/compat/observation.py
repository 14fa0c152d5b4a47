"""How a package hooks imports, as seen: its commands once more, without fastimport, with observer.py in every process."""

import json
import shlex
import shutil
from pathlib import Path

from modes import STOCK
from trial import execute

OBSERVER = Path(__file__).with_name("observer.py")


def observe(environment):
    """What was seen in any process, without repetition."""
    environment.renew()
    site = next(environment.prefix.glob("lib/python*/site-packages"))
    planted = [site / "0_compat_observer.pth", site / "compat_observer.py"]
    planted[0].write_text("import compat_observer\n")
    shutil.copy(OBSERVER, planted[1])
    log = environment.directory / "observed.jsonl"
    log.unlink(missing_ok=True)
    try:
        for line in environment.package.commands:
            execute(environment, STOCK, shlex.split(environment.expand(line)), COMPAT_OBSERVED=str(log))
    finally:
        for path in planted:
            path.unlink()
    lines = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
    return list(dict.fromkeys(item for line in lines for item in json.loads(line)))
