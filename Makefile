# Two commands do all their own set-up, into .venv:  make demo   make test
PYTHON ?= python3
BIN := .venv/bin
WORKERS ?= 2

.PHONY: demo test check format lint types imports fast conformance differential operators long architectures pictures page bench docs docs-serve clean

demo: .venv/ready  ## the tour: three patients, then handwritten digits
	$(BIN)/laminae demo

test: check  ## all tests, slow ones included, and that the wheel builds
	$(BIN)/pytest -n $(WORKERS) -m "slow and not gpu and not long"
	$(BIN)/python -m build --wheel --no-isolation --outdir dist . > /dev/null

check: .venv/ready web/node_modules/.ready format-check lint types imports fast  ## what to run before each commit

fast:
	$(BIN)/pytest -n $(WORKERS) -m "not slow and not long and not gpu"

format: .venv/ready  ## put the code in form
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

.PHONY: format-check
format-check:
	$(BIN)/ruff format --check .

lint:
	$(BIN)/ruff check .

types:
	$(BIN)/mypy

imports:
	$(BIN)/lint-imports

conformance: .venv/ready  ## the official ONNX case suite: passes per kind
	$(BIN)/python -m tests.conformance.runner

DRAWS ?= 1000
differential: .venv/ready  ## random nodes of every operator against the reference: DRAWS for each, about 20 minutes for 1,000
	$(BIN)/python -m tests.ops.draws --draws $(DRAWS)

operators: .venv/ready  ## docs/operators.md, from the code and the case suite
	$(BIN)/python -m tests.conformance.support > docs/operators.md

long: .venv/ready  ## what takes too long for `make test`: every architecture saved as ONNX, full-sized traces, larger pages; about 25 minutes
	$(BIN)/pytest -n $(WORKERS) -m long

architectures: .venv/ready  ## docs/architectures.md: Hugging Face architectures held against their modules, about 3 minutes
	$(BIN)/python -m tests.modules.survey > docs/architectures.md

pictures: .venv/ready  ## docs/pictures, by the code that they show
	$(BIN)/python -m tests.see.pictures

docs docs-serve: export NO_MKDOCS_2_WARNING = 1  # what else its makers make
docs: .venv-docs/ready  ## the site, into site/: open site/index.html. Needs no torch: the API is read from the sources
	.venv-docs/bin/python -m mkdocs build --quiet
	@echo "site/index.html"

docs-serve: .venv-docs/ready  ## the site while it is written, at http://127.0.0.1:8000
	.venv-docs/bin/python -m mkdocs serve

page:  ## the page of reports, from web/ into the package
	cd web && npm ci --no-audit --no-fund && npm run types && npm run build
	touch web/node_modules/.ready

bench: .venv/ready  ## speed beside plain torch, each in its own process
	$(BIN)/python -m benchmarks

TELL_VERSION := import sys; sys.exit(sys.version_info < (3, 11) and "Laminae needs Python 3.11 or newer: make PYTHON=python3.12")
group = $$($(1)/python -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["dependency-groups"]["$(2)"])')

.venv/ready: pyproject.toml constraints.txt
	$(PYTHON) -c '$(TELL_VERSION)'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt "torch==2.13.0"
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt hatchling editables $(call group,$(BIN),dev)
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt --no-build-isolation -e ".[demo]"
	touch $@

.venv-docs/ready: pyproject.toml constraints.txt
	$(PYTHON) -c '$(TELL_VERSION)'
	test -x .venv-docs/bin/python || $(PYTHON) -m venv .venv-docs
	.venv-docs/bin/pip install --quiet --disable-pip-version-check -c constraints.txt $(call group,.venv-docs/bin,docs)
	touch $@

# What builds the page and tests its code; without it the built page is taken as it stands.
web/node_modules/.ready: web/package-lock.json
	@if command -v npm > /dev/null && (cd web && npm ci --silent --no-audit --no-fund --fetch-retries=1 --fetch-timeout=30000); \
	then touch $@; else echo "npm is missing or reaches nothing: the page is not built again, nor the code of it tested"; fi

clean:
	rm -rf .venv .venv-docs web/node_modules site dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
