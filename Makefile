# Everything a clone needs is made by the targets themselves: `make demo` and `make test` are enough.
PYTHON ?= python3
# PyAirbyte and Airbyte's QA take Python 3.11 and 3.12 only: the first of these that is one.
AIRBYTE_PYTHON ?= $(shell for python in $(PYTHON) python3.12 python3.11; do $$python -c \
	'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 13))' 2>/dev/null && echo $$python && break; done)
VENV ?= .venv
SALES ?= 5000
VERBOSE ?=
ONLY ?=
CHECK ?=
CONFIG ?= secrets/config.json
IMAGE ?= airbyte/source-hotmart:dev
TAG ?=
CHROMIUM ?= $(shell command -v chromium || command -v chromium-browser || command -v google-chrome)
# Labels of the image. An address with a password in it is left out.
REVISION ?= $(or $(shell git rev-parse --verify --quiet HEAD),unknown)
SOURCE ?= $(or $(shell git config --get remote.origin.url | grep -x 'https://[^@]*'),unknown)

IMAGE_BUILD = --build-arg REVISION="$(REVISION)" --build-arg SOURCE="$(SOURCE)" --tag $(IMAGE) .

export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Compiled test files are kept: without them each process of `make test` needs another five seconds to compile them all.
unexport PYTHONDONTWRITEBYTECODE
PY := $(VENV)/bin/python
PIP_INSTALL := $(PY) -m pip install --no-input
INSTALLED := $(VENV)/.installed
READY := $(VENV)/.ready
DEMO_READY := $(VENV)/.demo-ready
# What runs the connector and the demo. The environment of `make test` does, if it is there.
RUNNABLE = $(if $(wildcard $(INSTALLED)),$(READY),$(DEMO_READY))
ECOSYSTEM := integration_tests/ecosystem
FORM_PICTURE := tools/form_picture
ANALYTICS := integration_tests/analytics

# Filters pip's output to a dot per package and its errors. Fails unless pip succeeds. (awk would buffer the dots.)
SHOW_PIP := --progress-bar off 2>&1 | { \
	printf 'set-up: fetching packages '; \
	while read -r line; do case "$$line" in \
		Collecting*) printf . ;; \
		Installing*) printf ' installing them' ;; \
		Successfully*) echo; finished=1 ;; \
		ERROR*|error*) printf '\n%s' "$$line" >&2 ;; \
	esac; done; \
	[ "$$finished" ] || { echo; exit 1; }; }

# The package itself is linked, not copied.
LINK_PACKAGE := $(PIP_INSTALL) --quiet --no-deps --no-build-isolation --no-index --editable .

# $(call set_up,purpose,duration): an empty environment
define set_up
@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null || \
	{ echo "source-hotmart needs Python 3.11, 3.12 or 3.13, and '$(PYTHON)' is not one of them" \
	"($$($(PYTHON) --version 2>&1 | head -1)). Name another: make PYTHON=python3.12 ..." >&2; exit 1; }
@echo "set-up: $(VENV) with $$($(PYTHON) --version), for $(1), $(2)"
@$(PYTHON) -m venv --clear $(VENV)
endef

.DEFAULT_GOAL := help
.PHONY: help demo test lint hooks flips bench live audit audit-online catalog docs form-picture test-ecosystem \
	dbt dbt-docs dbt-bench qa release-check packages release-publish version airbyte-python lock image image-test image-push clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(RUNNABLE) ## sync a simulated Hotmart account and show what arrives (SALES=5000, VERBOSE=1)
	@$(PY) -m tools.demo --sales $(SALES) $(if $(VERBOSE),--verbose)

test: $(READY) ## check format, lint and types, and run all tests
	@echo "test: $$($(PY) --version)"
	@$(MAKE) --no-print-directory lint
	@# Each file runs in one process, and each core has a process. Long files start first.
	@$(PY) -m pytest --numprocesses auto --dist loadfile --no-loadscope-reorder

lint: $(READY) ## check format, lint and types
	@$(PY) -m ruff format --check --quiet . || { echo "ruff: run '$(PY) -m ruff format .'" >&2; exit 1; }
	@$(PY) -m ruff check --quiet .
	@$(PY) -m mypy --strict --no-error-summary source_hotmart hotmart_simulator tools integration_tests unit_tests conftest.py

hooks: $(READY) ## run `make lint` before each commit in this clone
	@$(PY) -m pre_commit install

flips: $(READY) ## test the opposite of each belief about Hotmart, and write docs/development/beliefs.md (CHECK=1 compares)
	@$(PY) -m tools.flips $(if $(CHECK),--check)

bench: $(READY) .venv-bench/.ready ## measure speed, memory, quota, requests and schedule (45 minutes, ONLY=cpu,memory)
	@$(PY) -m tools.bench --only '$(ONLY)'

live: $(READY) ## ask a real account which beliefs about Hotmart hold (read-only, 60 requests, needs secrets/config.json)
	@$(PY) -m tools.live_probe

audit: $(READY) ## check licences, unused dependencies and ruff's security rules (needs no network)
	@$(VENV)/bin/deptry --no-ansi source_hotmart
	@$(VENV)/bin/pip-licenses --packages $$(sed -n 's/==.*//p' requirements/image.txt) >/dev/null
	@$(PY) -m ruff check --select S source_hotmart

audit-online: .venv-audit/.ready ## look up known vulnerabilities of what is shipped (needs PyPI)
	@.venv-audit/bin/pip-audit --strict --disable-pip --require-hashes \
		--requirement requirements/main.txt --requirement requirements/build.txt

catalog: $(RUNNABLE) ## write secrets/catalog.json, the catalog for `read`, from secrets/config.json (CONFIG=other.json)
	@mkdir -p secrets && $(VENV)/bin/source-hotmart catalog --config $(CONFIG) > secrets/catalog.json.new && \
		mv secrets/catalog.json.new secrets/catalog.json || { rm -f secrets/catalog.json.new; exit 1; }
	@echo "catalog: secrets/catalog.json"

docs: $(READY) ## write the generated pages in docs/ again (CHECK=1 fails if git sees a difference)
	@$(PY) -m tools.docs
	@$(if $(CHECK),git diff --exit-code --stat -- docs)

form-picture: ## draw docs/form.png from the form (needs Node.js, npm and Chromium; CHROMIUM=path)
	@[ -n "$(CHROMIUM)" ] || { echo "form-picture needs Chromium." \
		"Name it: make form-picture CHROMIUM=/path/to/chromium" >&2; exit 1; }
	@npm --prefix $(FORM_PICTURE) ci --silent
	@node $(FORM_PICTURE)/picture.mjs docs/form.png "$(CHROMIUM)"

airbyte-python:
	@echo $(AIRBYTE_PYTHON)

test-ecosystem: $(READY) .venv-ecosystem/.ready ## test with PyAirbyte, into DuckDB and PostgreSQL, and with Dagster (needs PostgreSQL's server)
	@VENV=$(VENV) .venv-ecosystem/bin/python -m pytest -c $(ECOSYSTEM)/pytest.ini --confcutdir=$(ECOSYSTEM) $(ECOSYSTEM)

dbt: $(READY) .venv-ecosystem/.ready .venv-dbt/.ready ## build and test the dbt package, and compare its marts with an account (needs PostgreSQL's server)
	@VENV=$(VENV) .venv-ecosystem/bin/python -m pytest -c $(ANALYTICS)/pytest.ini --confcutdir=$(ANALYTICS) $(ANALYTICS)
	@$(PY) -m tools.analytics --check

dbt-docs: $(READY) .venv-dbt/.ready ## write the answers and the graph in docs/analytics.md again
	@$(PY) -m tools.analytics

dbt-bench: $(READY) .venv-dbt/.ready ## measure dbt build on a million sales in DuckDB (5 minutes)
	@$(PY) -m tools.analytics.million

qa: .venv-qa/.ready ## run Airbyte's own QA of connectors, and compare with docs/development/qa.md
	@DO_NOT_TRACK=1 .venv-qa/bin/python -W ignore -m tools.qa

release-check: $(READY) ## check that all versions agree, and that wheel and sdist install and run (TAG=v1.0.0 checks the tag)
	@$(PY) -m tools.release $(if $(TAG),--tag "$(TAG)")

packages: $(READY) ## write wheel, sdist and release notes into dist/
	@rm -rf dist && $(PY) -m tools.release --packages dist

release-publish: ## create a GitHub release of a pushed tag from the files in dist/ (TAG=v1.0.0, needs gh)
	gh release create "$(TAG)" dist/*.whl dist/*.tar.gz --verify-tag --title "$(TAG)" --notes-file dist/notes.md

version: $(READY) ## write the version into every file that has it (VERSION=1.0.0)
	@$(PY) -m tools.release --set-version "$(VERSION)"

lock: ## renew poetry.lock and requirements/ (needs poetry with poetry-plugin-export)
	poetry lock
	poetry export --quiet --only main --output requirements/main.txt
	$(MAKE) --no-print-directory requirements/image.txt
	poetry export --quiet --only build --output requirements/build.txt
	poetry export --quiet --only demo,build --output requirements/demo.txt
	poetry export --quiet --with dev,demo,build --output requirements/dev.txt

image: ## build the connector's image (needs docker, IMAGE=name:tag)
	docker build $(IMAGE_BUILD)

image-test: $(READY) ## run that image as platforms do, against simulated accounts (needs docker)
	@$(PY) -m tools.image $(IMAGE)

image-push: ## build the image for amd64 and arm64 and push it with SBOM and provenance (needs docker buildx, IMAGE=name:tag)
	docker buildx build --platform linux/amd64,linux/arm64 --sbom=true --provenance=mode=max --push $(IMAGE_BUILD)

clean: ## remove the environment, the demo's output and all caches
	rm -rf $(VENV) .venv-ecosystem .venv-dbt .venv-qa .venv-audit $(FORM_PICTURE)/node_modules .venv-bench demo-output build dist \
		.mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# What the image installs: the lock without what no command imports.
requirements/image.txt: requirements/main.txt requirements/left-out.txt
	@awk 'FNR == NR { left_out[$$1]; next } /^[a-z0-9]/ { split($$1, pin, "=="); keep = !(pin[1] in left_out) } keep' \
		requirements/left-out.txt requirements/main.txt > $@

# New environments, from the lock's hashes, whenever the lock changes. The demo does without linters and test tools.
$(INSTALLED): requirements/dev.txt
	$(call set_up,all commands,half a minute to two minutes)
	@$(PIP_INSTALL) --require-hashes --only-binary :all: --requirement requirements/dev.txt $(SHOW_PIP)
	@touch $@

$(READY): $(INSTALLED) pyproject.toml
	@$(LINK_PACKAGE)
	@touch $@

# --no-deps: the list is complete, and leaves out what airbyte-cdk asks for and no command imports. --no-compile: most
# modules are never imported.
$(DEMO_READY): requirements/image.txt requirements/demo.txt pyproject.toml
	$(call set_up,the demo,20 to 40 seconds)
	@$(PIP_INSTALL) --no-deps --no-compile --require-hashes --only-binary :all: \
		--requirement requirements/image.txt --requirement requirements/demo.txt $(SHOW_PIP)
	@$(LINK_PACKAGE)
	@touch $@

# What runs the connector, or judges it, is apart from what the connector runs on.
.venv-%/.ready: requirements/%.txt
	@[ -n "$(AIRBYTE_PYTHON)" ] || { echo "this needs Python 3.11 or 3.12 beside '$(PYTHON)'." \
		"Name one: make AIRBYTE_PYTHON=/path/to/python3.12 ..." >&2; exit 1; }
	@echo "set-up: $(@D) with $$($(AIRBYTE_PYTHON) --version), up to two minutes"
	@$(AIRBYTE_PYTHON) -m venv --clear $(@D)
	@$(@D)/bin/python -m pip install --quiet --no-input --require-hashes --only-binary :all: --requirement $<
	@touch $@
