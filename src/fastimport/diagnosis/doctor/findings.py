"""One thing that the doctor found."""

from typing import Any, NamedTuple

ERROR, WARNING, NOTICE = "error", "warning", "notice"
SEVERITIES = (ERROR, WARNING, NOTICE)
"""Something is broken, or runs other code than it should; something costs time at each start; worth knowing."""


class Finding(NamedTuple):
    """`kind` is for programs, `text` and `remedy` are for people; `subject` is the file, entry or module that it is about.

    `details` are plain data for JSON; times in seconds.
    """

    kind: str
    severity: str
    subject: str
    text: str
    remedy: str
    details: dict[str, Any] = {}
