"""Time that was not charged when a recording broke off: to the imports that were under way, or to the thread.

A snapshot of a running process knows the costs up to the last change of each thread. What happened since then, until the last
moment that is known, belongs to somebody all the same: without it the parts would not add up to the total.
"""

from typing import Any

from fastimport.diagnosis.record.model import Recording


def settle(recording: Recording, snapshot: dict[str, Any], under_way: set[int]) -> None:
    """Charge what is missing of the imports `under_way` (ids), and of the threads.

    If the `snapshot` was made at the end, the innermost import pays for the kind of cost that it was at in it. Otherwise more may
    have been begun and ended since: what was between is not known, and is called ``unsplit``.
    """
    nested: dict[tuple[int, int | None], int] = {}
    for module in recording.modules:
        key = module.thread, module.parent
        nested[key] = nested.get(key, 0) + module.cumulative_ns
    parents = {recording.modules[number].parent for number in under_way}
    for number in under_way:
        module = recording.modules[number]
        missing = module.cumulative_ns - sum(module.ns.values()) - nested.get((module.thread, number), 0)
        is_known = snapshot.get("complete", True) and number not in parents
        kind = snapshot["lanes"][module.thread]["kind"] if is_known else "unsplit"
        if missing > 0:
            module.ns[kind] = module.ns.get(kind, 0) + missing
    for thread in recording.threads:
        charged = thread.outside_ns + sum(thread.ns.values()) + nested.get((thread.id, None), 0)
        thread.outside_ns += max(0, thread.end_ns - thread.start_ns - charged)
