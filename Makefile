# Every target installs what it needs below .dev/ (see dev/). Variables: ODOO_HOME, PGHOST..., CHROMIUM, ARGS.
PYTHON ?= python3
DEV = $(PYTHON) -m dev

.PHONY: help setup demo demo-reset demo-check test test-live bench chaos gallery lint format translations clean

help: ## This text
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1|/' | column -t -s '|'

setup: ## Python environment, Odoo, PostgreSQL, browser
	@$(DEV) setup

demo: ## The product running with a stand-in for Stripe
	@$(DEV) demo

demo-reset: ## Forget the demo's data; the next `make demo` starts over
	@$(DEV) demo-reset

demo-check: ## A browser walks the main job, unattended
	@$(DEV) demo-check

test: ## All tests; ARGS="-k webhook" for some
	@$(DEV) test $(ARGS)

test-live: ## End to end against the Stripe test account of STRIPE_TEST_KEY; without one, against the stand-in
	@$(DEV) live $(ARGS)

bench: ## Performance figures, also as bench.json
	@$(DEV) bench $(ARGS)

chaos: ## Months of subscriptions while everything fails; ARGS="--seed 7"
	@$(DEV) chaos $(ARGS)

gallery: ## Pictures of what staff and customers see, taken by the browser tests
	@$(DEV) gallery $(ARGS)

lint: ## Style and structure, zero findings
	@$(DEV) lint

format: ## Rewrite files as `make lint` wants them
	@$(DEV) format

translations: ## Texts for translators, from the addon as it is now
	@$(DEV) translations

clean: ## Remove everything below .dev/
	@$(DEV) clean
