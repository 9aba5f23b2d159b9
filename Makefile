# `make run` and `make test` are all a newcomer needs; both install what is
# missing and say so. The work is done by the scripts in scripts/.

SHELL := /bin/bash
# Tools installed by scripts/setup first; ~/.cargo/bin last, for shells that
# have not read rustup's profile yet.
export PATH := $(CURDIR)/target/tools/bin:$(CURDIR)/target/tools/venv/bin:$(PATH):$(HOME)/.cargo/bin

.PHONY: help run demo test crash-test check bench build plugins screens setup

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 12

run: ## Serve on SQLite, run the example pipeline against it, stay up until Ctrl-C
	@scripts/setup build run
	@scripts/run-example $(RUN_ARGS)

demo: ## The same, but end after the example
	@scripts/setup build run
	@scripts/run-example --exit $(RUN_ARGS)

test: ## Run all tests, on SQLite and on PostgreSQL
	@scripts/setup build test
	@scripts/test $(TEST_ARGS)

crash-test: ## Kill the server 1,000 times on each database while it delivers events
	@scripts/setup build test
	STAGEHOOK_CRASHES=$${STAGEHOOK_CRASHES:-1000} scripts/with-postgres \
	  cargo nextest run --locked --workspace --profile crash --success-output final \
	  -E 'test(/^events_crash::/)' $(TEST_ARGS)

check: ## Format, lints, spelling, dependencies
	@scripts/setup build check
	@scripts/check

bench: ## Run the benchmarks of bench/
	@scripts/setup build
	@scripts/bench

build: ## Build the web interface, the release binary with it, and the plugins
	@scripts/setup build
	scripts/build-frontend
	cargo build --locked --release --package stagehook
	scripts/build-plugins

plugins: ## Build the plugins (WebAssembly components)
	@scripts/setup build
	scripts/build-plugins

screens: ## Take the pictures of docs/screens
	@scripts/setup build test
	@scripts/test-frontend screens

setup: ## Install everything that any of the above needs
	@scripts/setup build run test check
