"""What differs between two sides, which of it was expected, and the report."""

import tomllib
from pathlib import Path
from typing import NamedTuple

EXPECTED = Path(__file__).with_name("expected_differences.toml")
FAILED = ("fail", "error")
CONDITIONS = ("versions", "register", "freshness", "replace", "enabled")


class Difference(NamedTuple):
    """What a test gave on either side: pass, skip, fail, error, or absent."""

    stock: str
    ours: str


def compare(stock, ours):
    """Test id → Difference, for each test that is worse with fastimport: failing, skipped or absent."""
    worse = {}
    for name in sorted(stock.keys() | ours.keys()):
        pair = Difference(stock.get(name, "absent"), ours.get(name, "absent"))
        breaks, vanishes = pair.ours in FAILED, pair.ours != "pass"
        if (breaks and pair.stock not in FAILED) or (vanishes and pair.stock == "pass"):
            worse[name] = pair
    return worse


def is_stable(name, repeats):
    """Whether the difference held each time: a test that also passes with fastimport, or fails without, is unstable."""
    return all(name in compare(stock, ours) for stock, ours in repeats)


class Expected(NamedTuple):
    """Test id → reason, of those differences that are expected for one version and one way to activate."""

    reasons: dict

    @classmethod
    def load(cls, version, activation, path=EXPECTED):
        actual = {"versions": version, "register": activation.register}
        actual |= {name: getattr(activation, name) for name in ("freshness", "replace", "enabled")}
        entries = tomllib.loads(path.read_text(encoding="utf-8"))["difference"]
        return cls({entry["test"]: entry["reason"] for entry in entries if applies(entry, actual)})


def applies(entry, actual):
    unknown = entry.keys() - {"test", "reason", *CONDITIONS}
    if unknown or not entry["reason"].strip():
        raise SystemExit(f"{EXPECTED.name}: {entry['test']}: no reason, or unknown keys {sorted(unknown)}")
    return all(actual[key] in entry[key] for key in CONDITIONS if key in entry)


class Verdict(NamedTuple):
    """Differences by what they mean; each maps a test id to a line about it."""

    unexpected: dict
    expected: dict
    unstable: dict
    stale: dict

    @property
    def failed(self):
        return bool(self.unexpected or self.stale)


def judge(stock, ours, repeats, expected):
    """Sort the differences; an expectation is stale when its test ran and both sides agreed."""
    verdict = Verdict({}, {}, {}, {})
    for name, pair in compare(stock, ours).items():
        line = f"{pair.stock} → {pair.ours}"
        if name in expected.reasons:
            verdict.expected[name] = f"{line}: {expected.reasons[name]}"
        elif is_stable(name, repeats):
            verdict.unexpected[name] = f"{line}\n{indent(ours.details.get(name, ''))}"
        else:
            verdict.unstable[name] = line
    for name in expected.reasons.keys() & stock.keys() - verdict.expected.keys():
        verdict.stale[name] = "expected to differ, but both sides agree"
    return verdict


def indent(text):
    return "\n".join(f"      {line}" for line in text.strip().splitlines())


def render(stock, ours, verdict, label):
    """The report, as text."""
    both = sorted(name for name in stock.keys() & ours.keys() if stock[name] in FAILED and ours[name] in FAILED)
    lines = [f"stock: {stock.summary()}", f"{label}: {ours.summary()}", f"failing on both sides: {len(both)}"]
    lines += [f"  {name}" for name in both]
    for title, group in zip(Verdict._fields, verdict, strict=True):
        lines.append(f"{title}: {len(group)}")
        lines += [f"  {name}\n    {text}" for name, text in sorted(group.items())]
    return "\n".join(lines)
