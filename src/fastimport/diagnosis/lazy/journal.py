"""What has been learnt so far, kept beside the file that is being made: an interrupted learning goes on where it was.

A line of JSON for each run, appended when it is over, so that nothing but the last line can be incomplete.
"""

import contextlib
import json
import os
from typing import Any

ENDING = ".progress"


class Journal:
    """The runs of one question. Those of another one, by its `fingerprint`, are forgotten, and it `is_other`."""

    def __init__(self, path: str, fingerprint: list[Any]) -> None:
        self.path = path + ENDING
        self.fingerprint: list[Any] = json.loads(json.dumps(fingerprint))
        self.runs: dict[str, Any] = {}
        self.is_resumed = self._read()
        self.is_other = not self.is_resumed and os.path.exists(self.path)
        if not self.is_resumed:
            with contextlib.suppress(OSError):
                os.unlink(self.path)

    def get(self, key: str) -> Any:
        """What a run gave, or None."""
        return self.runs.get(key)

    def add(self, key: str, value: Any) -> None:
        """Keep what a run gave. What can't be written is kept in memory only."""
        self.runs[key] = value
        with contextlib.suppress(OSError):
            is_new = not os.path.exists(self.path)
            with open(self.path, "a", encoding="utf-8") as file:
                if is_new:
                    file.write(json.dumps(self.fingerprint) + "\n")
                file.write(json.dumps([key, value]) + "\n")

    def forget(self) -> None:
        """Remove the file: all is done."""
        with contextlib.suppress(OSError):
            os.unlink(self.path)

    def _read(self) -> bool:
        try:
            with open(self.path, encoding="utf-8") as file:
                lines = file.read().split("\n")
            if json.loads(lines[0]) != self.fingerprint:
                return False
            for line in lines[1:-1]:
                key, value = json.loads(line)
                self.runs[key] = value
        except (OSError, ValueError, TypeError):
            return bool(self.runs)
        return bool(self.runs)
