# Needs Python 3.11 or newer and make. uv is used when it is there, else put into .uv/.
#
#   make refresh                                    the demo company, or the home's company
#   make refresh SOURCE=exports AS_OF=2026-01-31    a folder of files
#   make test                                       what must hold, in less than ten minutes
#   make test ALL=1                                 all that must hold; what a pull request must pass
#
# Every path may hold spaces. CSW_HOME=<folder> names another home (default: data).

SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help setup refresh accept status dashboard dagster dev test lint lint-python format mutation nightly chaos bench audit docs screenshots clean

PYTHON ?= python3
UV_ON_PATH := $(shell command -v uv 2>/dev/null)
UV := $(if $(UV_ON_PATH),uv,.uv/bin/uv)
RUN := $(UV) run --frozen --no-sync
SYNCED := .venv/.synced

# What the user names on the command line reaches the shell as variables, so nothing is quoted twice.
# The two switches do not: dlt would take FULL_REFRESH for a setting of its own.
export PORT SOURCE AS_OF MAPPING SCALE SEED FINDING BY WHY KILLS COMPANY
unexport FULL_REFRESH SAME_COMPANY ALL
ifneq ($(strip $(CSW_HOME)),)
export CSW_HOME
endif
ifneq ($(strip $(VERBOSE)),)
export VERBOSE
else
unexport VERBOSE
endif

help: ## Show what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' Makefile
	@echo ""
	@echo "  refresh takes SOURCE=<folder> AS_OF=<YYYY-MM-DD> MAPPING=<file> CSW_HOME=<folder>"
	@echo "  SCALE=<number> SEED=<number> FULL_REFRESH=1 SAME_COMPANY=1 VERBOSE=1; test takes ALL=1"

setup: $(SYNCED) ## Make the environment from the lock file

refresh: $(SYNCED) ## Load, build, test and publish
	@$(RUN) csw refresh \
		$${SOURCE:+--source "$$SOURCE"} \
		$${AS_OF:+--as-of "$$AS_OF"} \
		$${MAPPING:+--mapping "$$MAPPING"} \
		$${SCALE:+--scale "$$SCALE"} \
		$${SEED:+--seed "$$SEED"} \
		$(if $(strip $(FULL_REFRESH)),--full-refresh) \
		$(if $(strip $(SAME_COMPANY)),--same-company)

accept: $(SYNCED) ## Go on with what is held: FINDING=<name|all> BY=<who> WHY=<reason>; without: list
	@$(RUN) csw accept $${FINDING:+"$$FINDING" --by "$$BY" --why "$$WHY"}

status: $(SYNCED) ## Show what is loaded and published
	@$(RUN) csw status

dashboard: $(SYNCED) ## Show what is published in the browser (localhost:8501; PORT=8600)
	@$(RUN) csw dashboard $${PORT:+--port "$$PORT"}

dagster: $(SYNCED) ## Show assets, runs and schedule in the browser (localhost:3000)
	@$(RUN) csw dagster

dev: dagster

test: $(if $(strip $(ALL)),lint,lint-python) ## Definitions, Python, and the demo company in a throwaway home; ALL=1: all that must hold
	@echo "pytest"
	@$(RUN) pytest -n auto --dist loadfile --no-loadscope-reorder \
		$(if $(strip $(ALL)),,-m 'not long and not nightly')

lint-python: $(SYNCED)
	@echo "ruff"
	@$(RUN) ruff check --quiet .
	@$(RUN) ruff format --check --quiet .

# sqlfluff compiles the models, so it gets a home of its own: data/ is never touched by a check.
lint: lint-python ## Check the style of Python and SQL (minutes)
	@echo "sqlfluff"
	@lint_home=$$(mktemp -d) && trap 'rm -rf "$$lint_home"' EXIT && \
		CSW_HOME="$$lint_home" DBT_TARGET_PATH="$$lint_home/target" \
		DBT_LOG_PATH="$$lint_home/logs" DBT_SEND_ANONYMOUS_USAGE_STATS=false \
		$(RUN) sqlfluff lint --disable-progress-bar models analyses \
		tests/metrics tests/reconciliation

format: $(SYNCED) ## Put Python and SQL into shape
	@$(RUN) ruff check --fix --quiet .
	@$(RUN) ruff format --quiet .

mutation: $(SYNCED) ## Change the metric SQL in one place at a time: which test notices? (minutes)
	@$(RUN) python -m mutation --report docs/mutation-report.md

nightly: mutation ## What takes longer: mutations, days of the demo company, random lives by the thousand
	@$(RUN) pytest -m nightly
	@CSW_JUDGE_LIVES=2000 CSW_JUDGE_BOOKS=2000 CSW_TICKET_COMPANIES=200 \
		$(RUN) pytest -n auto --dist loadfile tests/python/judge tests/python/support

chaos: $(SYNCED) ## Kill refreshes and put faults in their way: KILLS=200 SEED=1 COMPANY=small|demo (an hour)
	@$(RUN) python -m chaos $${KILLS:+--kills "$$KILLS"} $${SEED:+--seed "$$SEED"} \
		$${COMPANY:+--company "$$COMPANY"}

bench: $(SYNCED) ## Print the speed ratios of the usage facts and of the revenue models
	@$(RUN) python -m benchmarks.usage --home "$${CSW_HOME:-data}"
	@$(RUN) python -m benchmarks.revenue

# Both ask the package index; what it cannot tell of is an error, not a pass.
audit: $(SYNCED) ## Known vulnerabilities of what is locked, and dist/sbom.cdx.json of it
	@mkdir -p dist
	@$(UV) export --quiet --frozen --no-dev --no-emit-project --format cyclonedx1.5 \
		--output-file dist/sbom.cdx.json
	@$(UV) export --quiet --frozen --no-dev --no-emit-project --output-file dist/requirements.txt
	@$(UV) tool run pip-audit --strict --disable-pip --requirement dist/requirements.txt

docs: $(SYNCED) ## Write dbt's documentation site of the home's warehouse
	@$(RUN) csw dbt -- docs generate --static

# Of the demo company's publication in the home, by Chromium; no test compares them.
screenshots: $(SYNCED) ## Write docs/screenshots of the demo company's pages (Debian: chromium-driver)
	@$(RUN) python -m tests.python.dashboards.screenshots

clean: ## Remove caches and build leftovers; data stay
	@rm -rf target logs .pytest_cache .ruff_cache .tmp_dagster_home_* build dist
	@find . -name __pycache__ -type d -not -path './.venv/*' -prune -exec rm -rf {} +

$(SYNCED): pyproject.toml uv.lock $(if $(UV_ON_PATH),,.uv/bin/uv)
	@echo "Making the environment from uv.lock (once; a minute or two) …"
	@$(UV) sync --frozen --quiet --compile-bytecode
	@touch $@

.uv/bin/uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed; name it with PYTHON=<path>."; exit 1; }
	@echo "uv is not on the PATH: putting it into .uv/ …"
	@$(PYTHON) -m venv .uv || \
		{ echo "Python's venv module is missing (Debian: apt install python3-venv)."; exit 1; }
	@.uv/bin/pip install --quiet --disable-pip-version-check uv
