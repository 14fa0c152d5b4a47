"""What is known so far, in one JSON file: it makes a run resumable, and the page is made from it."""

import fcntl
import json

SETTLED = ("same", "not installed")


class Results:
    """Results by package and Python version. Each is a dictionary: `state`, `detail`, `release`, `seen`,
    and `definition` and `fastimport`, by their digests."""

    def __init__(self, path):
        self.path = path
        self.known = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}

    def get(self, package, version):
        return self.known.get(package, {}).get(version, {})

    def is_done(self, package, version, fastimport, settled=False):
        """Whether this definition was tried with this fastimport; `settled`: or was the same with an earlier one."""
        found = self.get(package.name, version)
        if found.get("definition") != package.digest:
            return False
        return found["fastimport"] == fastimport or (settled and found["state"] in SETTLED)

    def put(self, package, version, **result):
        """Add a result to the file; runs on several interpreters may go on side by side."""
        with open(self.path, "a+", encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.seek(0)
            self.known = json.loads(file.read() or "{}")
            self.known.setdefault(package.name, {})[version] = {"definition": package.digest, **result}
            file.truncate(0)
            file.write(json.dumps(self.known, indent=1, sort_keys=True, ensure_ascii=False) + "\n")
