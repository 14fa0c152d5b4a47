# Everything runs in a virtual environment that the first target makes; a Python >= 3.11 and a C compiler
# are all that has to be there. On the command line:
#
#   PYTHON=python3.13            the interpreter (default: python3)
#   VENV=DIR                     the virtual environment (default: .venv, .venv-debug, .venv-trace)
#   PYTEST_ARGS="-k zip -x"      more arguments for pytest
#   COMPAT_ARGS="--only hy"      more arguments for tests/compat/run.py
#   DEMO_ARGS="--no-rival"       more arguments for benchmarks/demo.py
#   BENCH_ARGS="--quick"         more arguments for benchmarks/suite.py or benchmarks/check.py
#   FASTIMPORT_BUILD=debug       build mode: release, debug or trace

PYTHON ?= python3
FASTIMPORT_BUILD ?= release
VENV ?= .venv$(if $(filter-out release,$(FASTIMPORT_BUILD)),-$(FASTIMPORT_BUILD))
PYTEST_ARGS ?=
BENCH_ARGS ?=
DEMO_ARGS ?=
COMPAT_ARGS ?=
# Without a GIL a child that is forked beside running threads hangs now and then, in importlib as well.
SOAK = $(if $(findstring True,$(shell $(PY) -c "import sys; print(getattr(sys, '_is_gil_enabled', lambda: True)() is False)")),threads,forks)
export FASTIMPORT_BUILD
# What a shell may set that would send packages elsewhere or change what is compiled and tested.
unexport PYTHONPATH PYTHONHOME PYTHONOPTIMIZE PYTHONWARNINGS PYTHONSAFEPATH PYTHONUSERBASE PYTHONNOUSERSITE PYTHONPYCACHEPREFIX
unexport PYTHONDONTWRITEBYTECODE PYTHONPLATLIBDIR PYTHONINSPECT PYTHONSTARTUP PIP_USER PIP_TARGET PIP_PREFIX PIP_ROOT
unexport PIP_REQUIRE_VIRTUALENV PIP_PYTHON PIP_NO_INDEX PIP_ONLY_BINARY PIP_NO_BINARY

PY := $(VENV)/bin/python
PIP := $(PY) -m pip --disable-pip-version-check --quiet
PYTEST := $(PY) -m pytest -p tests.plugins.installed
SOURCES := pyproject.toml setup.py MANIFEST.in LICENSE README.md $(shell find src -type f -name '*.p*' -o -name '*.[ch]')

STUBBED := $(subst /,.,$(patsubst src/%.pyi,%,$(filter-out %/__init__.pyi,$(wildcard src/fastimport/*.pyi src/fastimport/*/*.pyi))))

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test soak reports docs compat build wheel sdist bench bench-big bench-check lint debug clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-12s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

demo: $(VENV)/.demo ## import Django, pandas, SymPy and others with and without fastimport, and compare
	$(PY) benchmarks/demo.py $(DEMO_ARGS)

test: $(VENV)/.test ## build the wheel, install it, test it
	$(PYTEST) tests $(PYTEST_ARGS)

reports: $(VENV)/.test ## test the reports in a browser (chromium, chromedriver) and with the tools that read them
	$(PIP) install -r tests/requirements-reports.txt
	$(PYTEST) tests/diagnosis/test_page.py tests/diagnosis/test_formats.py $(PYTEST_ARGS)
	@mkdir -p build
	$(PY) -m fastimport profile --runs 3 -o build/start.json -c "import asyncio, email.message, xml.dom.minidom"
	$(PY) tools/screenshots.py build/start.json build --choose asyncio

docs: $(VENV)/.installed ## build the documents as a site in build/docs, links checked, and run the code on their pages
	$(PIP) install --group docs
	$(PY) -m sphinx --fail-on-warning --keep-going --quiet docs build/docs
	$(PYTEST) tests/documents/pages.py $(PYTEST_ARGS)

soak: $(VENV)/.test ## ten minutes of threads, forks, changing files and invalidations: no wrong module, no deadlock, memory flat
	directory=$$(mktemp -d) && for freshness in checked trusted; do \
		$(PY) -W error tests/isolated/stress.py 300 32 $$freshness meta_path $(SOAK) "$$directory" 30 || exit 1; \
	done; rm -rf "$$directory"

compat: ## run real packages that hook imports, with and without: writes docs/compatibility.md, takes hours, goes on where it was
	$(PYTHON) tests/compat/run.py $(COMPAT_ARGS)

build: $(VENV)/.installed ## build the wheel and install it into the virtual environment

wheel: $(VENV)/.installed ## build the sdist, and the wheel from it, into dist/
	@mkdir -p dist
	cp $(VENV)/dist/*.whl $(VENV)/dist/*.tar.gz dist/

sdist: $(VENV)/.tools ## build the sdist into dist/
	$(PY) -m build --no-isolation --sdist --outdir dist

bench: $(VENV)/.bench ## measure everything beside importlib; writes docs/measured.md
	$(PY) benchmarks/suite.py $(BENCH_ARGS)

bench-big: .venv-big/.big ## measure programs of more than 1,500 modules (Airflow, JupyterLab, scikit-learn) in .venv-big
	.venv-big/bin/python benchmarks/targets.py --only-big $(BENCH_ARGS)

bench-check: $(VENV)/.installed ## count instructions and system calls; exit 1 if they have grown
	$(PY) benchmarks/check.py $(BENCH_ARGS)

lint: $(VENV)/.lint ## check style, types, workflows and scripts
	$(PY) -m ruff check .
	PATH=$(VENV)/bin:$$PATH cython-lint src
	$(PY) -m mypy
	$(PY) -m mypy.stubtest --mypy-config-file pyproject.toml $(STUBBED)
	$(VENV)/bin/shellcheck .ci/run
	$(VENV)/bin/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(VENV)/bin/check-jsonschema --builtin-schema vendor.dependabot .github/dependabot.yml
	$(VENV)/bin/zizmor --offline --quiet --persona pedantic .github
	@if command -v actionlint; then actionlint; else echo "actionlint: not on PATH, skipped"; fi

debug: ## test a build with assertions and object counters
	$(MAKE) test FASTIMPORT_BUILD=debug

clean: ## delete everything that was built, virtual environments too
	rm -rf build dist .venv .venv-* .*_cache .hypothesis .benchmarks *.egg-info src/*.egg-info
	find src tests benchmarks tools -name __pycache__ -prune -exec rm -rf {} +
	find src \( -name '*.so' -o -name '*.pyd' \) -delete

$(PY):
	$(PYTHON) -m venv $(VENV)

# pip before 23 can't read everything used here, and Debian's can be that old.
$(VENV)/.tools: pyproject.toml | $(PY)
	$(PY) tools/project.py requires > $@
	$(PIP) install 'pip>=25.1' build -r $@

$(VENV)/.installed: $(VENV)/.tools $(SOURCES)
	rm -rf $(VENV)/dist
	@echo "building the wheel ($(FASTIMPORT_BUILD)), output in $(VENV)/build.log"
	@$(PY) -m build --no-isolation --outdir $(VENV)/dist >$(VENV)/build.log 2>&1 || { tail -n 50 $(VENV)/build.log; exit 1; }
	$(PIP) install --force-reinstall --no-deps $(VENV)/dist/*.whl
	touch $@

# The wheel satisfies the name, so that only what the extra adds is fetched.
$(VENV)/.test: $(VENV)/.installed tests/hosting/components.txt
	$(PIP) install --prefer-binary 'fastimport-finder[test]'
	@while read -r component; do \
		$(PIP) install --only-binary :all: "$$component" >>$(VENV)/components.log 2>&1 || \
		echo "no release for this Python, its tests are skipped: $$component"; \
	done <tests/hosting/components.txt
	touch $@

$(VENV)/.demo: $(VENV)/.installed benchmarks/requirements-demo.txt
	$(PIP) install --prefer-binary -r benchmarks/requirements-demo.txt
	touch $@

$(VENV)/.bench: $(VENV)/.installed $(wildcard benchmarks/requirements*.txt)
	$(PIP) install --prefer-binary -r benchmarks/requirements.txt
	touch $@

.venv-big/.big: $(SOURCES) benchmarks/requirements-big.txt
	$(MAKE) build VENV=.venv-big
	.venv-big/bin/python -m pip --disable-pip-version-check --quiet install --prefer-binary -r benchmarks/requirements-big.txt
	touch $@

$(VENV)/.lint: $(VENV)/.installed
	$(PIP) install --group lint
	touch $@
