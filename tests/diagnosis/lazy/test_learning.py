"""``fastimport lazy``, from outside: what is learnt, what is told of bad programs, what the other parts make of it."""

import json
import os
import re
import signal
import subprocess
import sys
import time

import pytest
from support.installation import Installation
from support.process import python
from support.trees import plant

from fastimport.finding import lazy

pytestmark = pytest.mark.skipif(sys.version_info < lazy.FIRST_PYTHON, reason="PEP 810")

SHOP = {
    "shop": {
        "__init__.py": "",
        "__main__.py": "import shop.reports, shop.plugins\nfrom shop.registry import KNOWN\nprint(sorted(KNOWN))\n",
        "registry.py": "KNOWN = {}\n",
        "plugins.py": "import shop.csv_plugin\nimport shop.helper\n",
        "csv_plugin.py": "from shop.registry import KNOWN\nKNOWN['csv'] = 1\n",
        "helper.py": "X = 1\n",
        "reports.py": "import json\nimport shop.helper\n",
    }
}


def learn(*words, cwd, status=0, **variables):
    done = python("-m", "fastimport", "lazy", "learn", *words, cwd=cwd, **variables)
    assert done.returncode == status, (done.stdout, done.stderr)
    return done


def learnt(tree, name="lazy.toml"):
    return lazy.read(os.path.join(tree, name))


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """A tree in which the program shop has been learnt."""
    tree = plant(tmp_path_factory.mktemp("shop"), SHOP)
    learn("-m", "shop", cwd=tree)
    return tree


def test_all_may_be_late_and_what_has_effects_waits_with_its_importers(shop):
    data = learnt(shop)
    assert {"shop.reports", "shop.registry", "shop.helper", "json"} <= set(data["lazy"]["modules"])
    assert data["eager"] == {}
    assert data["changes"] == {"shop.csv_plugin": ["shop.registry"], "shop.plugins": ["shop.registry"]}
    assert data["program"] == ["-m", "shop"] and data["complete"] is True and data["packages"].keys() == {"shop"}
    assert not os.path.exists(os.path.join(shop, "lazy.toml.progress"))


def test_the_program_does_the_same_with_what_was_learnt(shop):
    done = python("-m", "fastimport", "run", "--lazy", "lazy.toml", "-m", "shop", cwd=shop)
    assert (done.returncode, done.stdout, done.stderr) == (0, "['csv']\n", "")
    loaded = "print(*(f'shop.{name}' in sys.modules for name in ('reports', 'csv_plugin')))\n"
    late = f"import sys, shop.reports, shop.plugins\n{loaded}import shop.registry\nshop.registry.KNOWN\n{loaded}"
    done = python("-m", "fastimport", "run", "--lazy", "lazy.toml", "-c", late, cwd=shop)
    assert done.stdout == "False False\nFalse True\n"


def test_explain(tmp_path):
    tree = plant(tmp_path, SHOP)
    plant(
        tree,
        {
            "shop": {
                "csv_plugin.py": "import sys\nsys.path.append('/elsewhere')\n",
                "__main__.py": "import shop.plugins, shop.reports",
            }
        },
    )
    learn("-m", "shop", cwd=tree)

    def explain(name):
        done = python("-m", "fastimport", "lazy", "explain", name, cwd=tree)
        return done.returncode, done.stdout.splitlines()

    status, lines = explain("shop.plugins")
    assert status == 0 and lines[0] == "shop.plugins is not late: imports shop.csv_plugin, which must not be late"
    assert lines[1] == "shop.csv_plugin: adds to sys.path: '/elsewhere'"
    assert lines[2] == "to make it late all the same, learn with --allow shop.csv_plugin"
    assert explain("shop.reports") == (0, ["shop.reports may be late"])
    assert explain("shop.none") == (1, ["shop.none was not imported when lazy.toml was learnt: it is not late"])
    told = json.loads(python("-m", "fastimport", "lazy", "explain", "--json", "json", cwd=tree).stdout)
    assert told == {"schema": "fastimport.lazy/1", "name": "json", "lines": ["json may be late"]}


def test_show_as_lines_that_can_be_edited(shop):
    done = python("-m", "fastimport", "lazy", "show", "lazy.toml", cwd=shop)
    lines = [re.sub(" +", " ", line) for line in done.stdout.splitlines()]
    assert "shop/reports.py:1: import json -> lazy import json" in lines
    assert "shop/__main__.py:1: import shop.reports, shop.plugins -> lazy import shop.reports; import shop.plugins" in lines
    assert not any("csv_plugin" in line.partition("->")[2] for line in lines)


def test_show_as_modules(shop):
    told = python("-m", "fastimport", "lazy", "show", "lazy.toml", "--as", "modules", cwd=shop).stdout
    assert "shop/reports.py:\n    __lazy_modules__ = ['json', 'shop.helper']\n" in told


def test_the_filter_that_is_shown_does_the_same_without_fastimport(shop):
    code = python("-m", "fastimport", "lazy", "show", "lazy.toml", "--as", "filter", cwd=shop).stdout
    plant(shop, {"late.py": code})
    use = "import late, sys, shop.reports, shop.plugins\nfrom shop.registry import KNOWN\n"
    use += "print('shop.reports' in sys.modules, KNOWN)"
    done = python("-c", use, cwd=shop)
    assert (done.stdout, done.stderr) == ("False {'csv': 1}\n", "")
    done = python("-c", "import late\nlazy import colorsys\nimport sys; print('colorsys' in sys.modules)", cwd=shop)
    assert (done.stdout, done.stderr) == ("False\n", "")


def test_verify(tmp_path):
    tree = plant(tmp_path, SHOP)
    learn("-m", "shop", cwd=tree)

    def verify(*words):
        done = python("-m", "fastimport", "lazy", "verify", *words, cwd=tree)
        return done.returncode, done.stdout.splitlines()

    assert verify("lazy.toml") == verify("lazy.toml", "-m", "shop") == verify("--run", "lazy.toml") == (0, ["lazy.toml holds"])
    assert verify("lazy.toml", "-m", "other") == (1, ["it was learnt with -m shop, not with -m other"])
    plant(tree, {"shop": {"helper.py": "X = 2\n"}})
    assert verify("lazy.toml") == (1, ["shop: its files have changed"])
    assert json.loads("".join(verify("--json", "lazy.toml")[1]))["problems"] == ["shop: its files have changed"]


def test_verify_sees_that_the_program_does_something_else(tmp_path):
    tree = plant(tmp_path, SHOP)
    learn("-m", "shop", cwd=tree)
    path = os.path.join(tree, "lazy.toml")
    with open(path, encoding="utf-8") as file:
        text = file.read()
    with open(path, "w", encoding="utf-8") as file:
        file.write(re.sub(r'"shop.(csv_plugin|plugins)" = \[\n.*\n]\n', "", text))
    done = python("-m", "fastimport", "lazy", "verify", "--run", "lazy.toml", cwd=tree)
    assert (done.returncode, done.stdout) == (1, "the program does not do the same: other output\n")


def test_allowed_effects(tmp_path):
    tree = plant(tmp_path, SHOP)
    learn("--allow", "shop.csv_plugin", "-c", "import shop.plugins", cwd=tree)
    assert learnt(tree)["eager"] == {} and learnt(tree)["allowed"] == ["shop.csv_plugin"]


NOT_THE_SAME = "late, the program did not do the same"


def test_a_package_that_only_changes_itself_may_be_trusted(tmp_path):
    """What it changes is late unless the program shows that it was needed."""
    tree = plant(tmp_path, SHOP)
    learn("--trust", "packages", "-o", "needed.toml", "-m", "shop", cwd=tree)
    assert list(learnt(tree, "needed.toml")["eager"]) == ["shop.csv_plugin", "shop.plugins"]
    learn("--trust", "packages", "-o", "not.toml", "-c", "import shop.reports, shop.plugins", cwd=tree)
    assert learnt(tree, "not.toml")["eager"] == {} and learnt(tree, "not.toml")["trust"] == "packages"


def test_or_the_runs_decide_alone(tmp_path):
    """Effects on others, too: here on sys."""
    tree = plant(tmp_path, {"a.py": "import sys; sys.path.append('/elsewhere')", "b.py": "", "main.py": "import a, b, sys"})
    for trust, eager in {"packages": ["a"], "all": []}.items():
        learn("--trust", trust, "-o", f"{trust}.toml", "main.py", cwd=tree)
        assert list(learnt(tree, f"{trust}.toml")["eager"]) == eager
    plant(tree, {"main.py": "import a, b, sys; print('/elsewhere' in sys.path)"})
    learn("--trust", "all", "-o", "shown.toml", "main.py", cwd=tree)
    assert list(learnt(tree, "shown.toml")["eager"]) == ["a"]


# A program that fails for a reason that is no effect: it looks into a namespace.
LOOKING = {
    **{f"m{number}.py": "x = 1\n" for number in range(6)},
    "needed.py": "x = 1\n",
    "main.py": "\n".join(
        [*(f"import m{number}" for number in range(6)), "import needed", "print(type(globals()['needed']).__name__)"]
    ),
}


def test_what_no_effect_tells_is_found_by_halving(tmp_path):
    tree = plant(tmp_path, LOOKING)
    done = learn("main.py", cwd=tree)
    assert list(learnt(tree)["eager"]) == ["needed"] and len(learnt(tree)["lazy"]["modules"]) == 6
    assert "7 modules are suspected: about" in done.stderr


def test_what_a_failure_names_is_tried_first(tmp_path):
    tree = plant(
        tmp_path, {**LOOKING, "main.py": LOOKING["main.py"].replace("print(", "import m3; m3.x; assert 'lazy' not in (")}
    )
    learn("main.py", cwd=tree)
    assert list(learnt(tree)["eager"]) == ["needed"]


def test_a_bound_on_the_runs_keeps_what_is_known_and_the_next_time_goes_on(tmp_path):
    tree = plant(tmp_path, LOOKING)
    learn("--runs", "6", "main.py", cwd=tree)
    data = learnt(tree)
    assert data["complete"] is False and data["notes"] == ["ended after 6 runs, as --runs says"]
    assert "needed" in data["eager"] and os.path.exists(os.path.join(tree, "lazy.toml.progress"))
    done = learn("main.py", cwd=tree)
    assert "going on with what" in done.stderr and learnt(tree)["complete"] is True and list(learnt(tree)["eager"]) == ["needed"]
    assert learnt(tree)["runs"] < 12


def of_another_version(lines):
    lines[0] = lines[0].replace("[3,", "[1,", 1)


def without_what_is_needed_now(lines):
    key, found = json.loads(lines[2])
    assert key == "observed"
    lines[2] = json.dumps([key, {name: value for name, value in found.items() if name != "changed"}])


def that_are_no_pairs(lines):
    lines[2] = "7"


@pytest.mark.parametrize("damage", [of_another_version, without_what_is_needed_now, that_are_no_pairs])
def test_runs_that_cannot_be_gone_on_with(damage, tmp_path):
    tree = plant(tmp_path, LOOKING)
    learn("--runs", "6", "main.py", cwd=tree)
    path = os.path.join(tree, "lazy.toml.progress")
    with open(path, encoding="utf-8") as file:
        lines = file.read().split("\n")
    damage(lines)
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(lines))
    done = learn("main.py", cwd=tree)
    assert list(learnt(tree)["eager"]) == ["needed"] and learnt(tree)["complete"] is True
    assert ("another version: starting anew" in done.stderr) == (damage is of_another_version)


def test_a_check_has_a_say(tmp_path):
    """The program itself does not tell, the check does."""
    tree = plant(
        tmp_path,
        {"a.py": "", "b.py": "", "main.py": "import a, b", "test.py": "import a, b, sys; sys.exit('b' not in sys.modules)"},
    )
    learn("--check", f"{sys.executable} test.py", "main.py", cwd=tree)
    assert list(learnt(tree)["eager"]) == ["b"] and learnt(tree)["check"].endswith("test.py")


def test_until_import(tmp_path):
    server = "import a, b\nimport ready\nimport time\ntime.sleep(60)\n"
    tree = plant(tmp_path, {"a.py": "", "b.py": "print('b')", "ready.py": "", "main.py": server})
    learn("--until-import", "ready", "main.py", cwd=tree)
    assert (
        learnt(tree)["eager"] == {"b": NOT_THE_SAME, "ready": "its import ends each run"}
        and "a" in learnt(tree)["lazy"]["modules"]
    )


def test_output_that_is_not_the_same_each_time_is_not_compared(tmp_path):
    tree = plant(tmp_path, {"a.py": "", "main.py": "import a, os, time; print(os.getpid(), time.time_ns())"})
    done = learn("main.py", cwd=tree)
    assert "what it writes to stdout is not the same each time: not compared" in done.stderr
    assert learnt(tree)["lazy"]["modules"] == ["a"] and "not compared" in learnt(tree)["notes"][0]


BAD = {
    "fails": ("import a\n1 / 0", (), "it fails with everything eager, with status 1: ZeroDivisionError: division by zero"),
    "exits": ("import a\nraise SystemExit(3)", (), "it fails with everything eager, with status 3"),
    "changing status": (
        "import os; os.path.exists('x') or (open('x', 'w'), exit()); exit(4)",
        (),
        "it ends with status 0 and then, run again, with 4",
    ),
    "check": ("import a", ("--check", "exit 7"), "the check fails with everything eager, with status 7"),
    "killed": ("import os; os.kill(os.getpid(), 9)", (), "it can't be run: status -9"),
    "never": ("import a", ("--until-import", "nosuch"), "it ended without importing nosuch"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_program_of_which_nothing_can_be_learnt(case, tmp_path):
    """Status 1, the reason on stderr, no file."""
    code, options, reason = BAD[case]
    tree = plant(tmp_path, {"a.py": "", "main.py": code})
    done = learn(*options, "main.py", cwd=tree, status=1)
    assert done.stdout == "" and reason in done.stderr and "Traceback" not in done.stderr.replace(reason, "")
    assert not os.path.exists(os.path.join(tree, "lazy.toml"))


USAGE = {
    "no such program": (("nowhere.py",), "nowhere.py"),
    "no program": ((), "give a program"),
    "few runs": (("--runs", "1", "main.py"), "must be at least 5"),
    "no directory": (("-o", "nowhere/lazy.toml", "main.py"), "can't be written there"),
    "another program's": (("-o", "other.toml", "main.py"), "other.toml was learnt with -m other"),
    "not ours": (("-o", "main.py", "main.py"), "It is not overwritten"),
}


@pytest.mark.parametrize("case", USAGE)
def test_wrong_usage(case, tmp_path):
    other = f"format = 1\npython = '3.15'\nprogram = ['-m', 'other']\nlazy.modules = []\n"  # noqa: F541
    tree = plant(tmp_path, {"main.py": "import json", "other.toml": other})
    words, reason = USAGE[case]
    done = learn(*words, cwd=tree, status=2)
    assert done.stdout == "" and reason in done.stderr
    assert sorted(os.listdir(tree)) == ["main.py", "other.toml"]


@pytest.mark.parametrize("part", ["verify", "show", "explain"])
def test_files_that_are_none(part, tmp_path):
    tree = plant(tmp_path, {"lazy.toml": "format = 9"})
    words = ["json"] if part == "explain" else ["lazy.toml"]
    done = python("-m", "fastimport", "lazy", part, *words, cwd=tree)
    assert done.returncode == (1 if part == "verify" else 2) and done.stdout == ""
    assert f"fastimport lazy {part}: lazy.toml: format 9, written by a newer fastimport" in done.stderr


def interrupted(tree, after):
    """A learning that is interrupted once it has said something that matches `after`; its status and what it said."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "FASTIMPORT"))}
    command = [sys.executable, "-m", "fastimport", "lazy", "learn", "main.py"]
    process = subprocess.Popen(command, cwd=tree, env=kept, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    said = ""
    for line in process.stderr:
        said += line
        if re.search(after, line):
            time.sleep(0.05)
            process.send_signal(signal.SIGINT)
    process.wait(60)
    process.stdout.close()
    process.stderr.close()
    return process.returncode, said


@pytest.mark.parametrize("after", ["running it twice", "watching", "trying it", "are suspected"])
def test_control_c_keeps_what_was_learnt(after, tmp_path):
    tree = plant(tmp_path, {**LOOKING, "m0.py": "import time; time.sleep(0.1)"})
    status, said = interrupted(tree, after)
    assert status == 130 and "interrupted: " in said and "Traceback" not in said
    if after == "are suspected":
        assert learnt(tree)["complete"] is False and "needed" in learnt(tree)["eager"]
    learn("main.py", cwd=tree)
    assert learnt(tree)["complete"] is True and list(learnt(tree)["eager"]) == ["needed"]


def test_what_an_enabled_environment_does_is_nobodys_effect(tmp_path):
    """fastimport itself comes in the middle of a program's imports there."""
    made = Installation(tmp_path / "env")
    assert made.fastimport("enable").returncode == 0
    many = "import asyncio, decimal, email.message, html.parser, json, logging.config, wsgiref.simple_server"
    (made.directory / "main.py").write_text(f"{many}\nprint(json.dumps(1))\n", encoding="utf-8")
    assert made.fastimport("lazy", "learn", "-o", "lazy.toml", "main.py").returncode == 0
    data = lazy.read(str(made.directory / "lazy.toml"))
    ours = [name for name in (*data["lazy"]["modules"], *data["eager"]) if name.startswith("fastimport")]
    assert (ours, [why for why in data["eager"].values() if "fastimport" in why]) == ([], [])


def test_a_module_in_nested_namespace_packages_is_verified_and_shown(tmp_path):
    """Their paths ask the packages above, which these commands do not import."""
    tree = plant(tmp_path, {"ns": {"sub": {"leaf.py": "X = 1\n"}}, "main.py": "import ns.sub.leaf, json\n"})
    learn("main.py", cwd=tree)
    assert "ns.sub.leaf" in learnt(tree)["lazy"]["modules"]
    for words in (("verify", "lazy.toml"), ("show", "lazy.toml", "--as", "lines"), ("show", "lazy.toml", "--as", "modules")):
        done = python("-m", "fastimport", "lazy", *words, cwd=tree)
        assert (done.returncode, done.stderr) == (0, ""), words
