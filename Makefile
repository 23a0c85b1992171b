# The door of the house. `make` or `make help` lists what can be asked for; the machinery is in tools/.

.DEFAULT_GOAL := help
.NOTPARALLEL:
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-print-directory

CARGO_TARGET_DIR ?= target
TOOLS := $(shell tools/setup --where)
export PATH := $(TOOLS)/bin:$(TOOLS)/python/bin:$(TOOLS)/node/node_modules/.bin:$(PATH)

# An optional codec with a licence of its own is on by default; the house must hold without it too (see deny.toml).
WITHOUT_FDK := -p audio -p soundpost --no-default-features
# The rooms that are also built for browsers.
WASM := -p model

##@ Use

.PHONY: demo
demo: setup-demo ## master the shipped recordings into demo-out/, start a server, and say where to look
	tools/demo

.PHONY: demo-stop
demo-stop: ## end the demo's server
	tools/demo --stop

.PHONY: install
install: setup-build ## build soundpost and put it into cargo's bin folder
	cargo install --locked --path crates/soundpost

##@ Check

.PHONY: test
test: setup-rust setup-build setup-wasm setup-lint setup-test setup-docs setup-browser setup-node fmt-check tidy clippy rustdoc unit browser attack doctest wasm player drift deny machete typos book ## everything that CI checks, in CI's order
	@echo 'make test: all of it passed.'

.PHONY: fmt-check
fmt-check:
	cargo fmt --all --check

.PHONY: clippy
clippy: setup-build ## lints, with every feature and without the optional codec
	cargo clippy --workspace --all-targets --all-features -- -D warnings
	cargo clippy $(WITHOUT_FDK) --all-targets -- -D warnings

.PHONY: rustdoc
rustdoc: setup-build
	RUSTDOCFLAGS='-D warnings' cargo doc --workspace --all-features --no-deps

# Every snapshot file must have been asked for by some test: insta notes which were, and the rest are an error.
.PHONY: unit
unit: setup-test ## unit and integration tests, beside a PostgreSQL of their own
	@mkdir -p $(CARGO_TARGET_DIR); : > $(CARGO_TARGET_DIR)/snapshots-used
	INSTA_UPDATE=no INSTA_SNAPSHOT_REFERENCES_FILE=$(abspath $(CARGO_TARGET_DIR))/snapshots-used \
	  tools/with-postgres cargo nextest run --workspace --all-features --no-fail-fast
	@tools/unused-snapshots $(CARGO_TARGET_DIR)/snapshots-used

.PHONY: browser
browser: setup-test setup-browser setup-node ## the pages of a server that runs, walked through with Chromium
	tools/browse

.PHONY: player
player: setup-node ## the player's scripts: their types, their size, and that the built ones are what the source makes
	npm ci --prefix ui/player --silent --no-fund --no-audit
	npm run check --prefix ui/player --silent

.PHONY: attack
attack: setup-test ## made-up requests against the API, from its own description
	tools/attack-api

.PHONY: deb
deb: setup-deb ## make the Debian package, and try it in a root of its own (as root)
	tools/test-deb
	tools/deb

.PHONY: doctest
doctest: setup-build
	cargo test --quiet --workspace --all-features --doc

.PHONY: tidy
tidy: setup-build ## the house rules: walls between rooms, names, sizes, notes, links
	cargo run --quiet -p tidy -- check

.PHONY: wasm
wasm: setup-wasm ## the rooms that browsers run, compiled for them
	cargo check $(WASM) --target wasm32-unknown-unknown

.PHONY: drift
drift: setup-build
	tools/generate --check

.PHONY: deny
deny: setup-lint
	cargo deny --all-features check bans licenses sources

.PHONY: machete
machete: setup-lint
	cargo machete

.PHONY: typos
typos: setup-lint
	typos

.PHONY: lint
lint: fmt-check tidy clippy deny machete typos ## the checks that run nothing

##@ Change

.PHONY: fmt
fmt: setup-rust ## format all Rust
	cargo fmt --all

.PHONY: bless
bless: setup-test ## accept what the tests now print as what they expect; read the difference before committing
	INSTA_UPDATE=always INSTA_FORCE_PASS=1 UPDATE_EXPECT=1 \
	  tools/with-postgres cargo nextest run --workspace --all-features --no-fail-fast

.PHONY: generate
generate: setup-build ## write again what is generated and committed (docs/reference)
	tools/generate

##@ Read

.PHONY: docs
docs: book rustdoc ## the book and the libraries' own pages

.PHONY: book
book: setup-docs
	mdbook build docs

##@ Measure

.PHONY: bench
bench: setup-bench setup-test setup-browser setup-node ## speed and memory beside other programs, in one run (half an hour or so)
	cargo build --release -p soundpost
	cargo build --release -p web --example bare
	cargo build --release -p store --example queue
	cargo build --release -p work --example deliveries
	cargo build --release -p speech --example bench
	python3 benches/produce.py
	python3 benches/serve.py
	npm ci --prefix ui/tests --silent --no-fund --no-audit
	python3 benches/narrate.py
	$(CARGO_TARGET_DIR)/release/examples/queue
	$(CARGO_TARGET_DIR)/release/examples/deliveries
	tools/with-postgres bash -c '$(CARGO_TARGET_DIR)/release/examples/queue "$$SOUNDPOST_TEST_POSTGRES"'
	tools/with-postgres bash -c '$(CARGO_TARGET_DIR)/release/examples/deliveries "$$SOUNDPOST_TEST_POSTGRES"'

.PHONY: soak
soak: setup-bench setup-test ## twelve hours of sound, past 4 GiB; two hundred kills on each database; a full disk
	cargo build --release -p soundpost
	python3 benches/produce.py --soak
	SOUNDPOST_KILLS=200 tools/with-postgres cargo nextest run --profile soak -p soundpost -E 'test(killed)'
	tools/full-disk

FUZZ_SECONDS ?= 60
.PHONY: fuzz
fuzz: setup-fuzz ## every fuzz target for FUZZ_SECONDS (60) seconds
	tools/fuzz $(FUZZ_SECONDS)

##@ Set up

.PHONY: setup
setup: setup-test setup-lint setup-docs setup-wasm setup-browser setup-node ## what `make test` needs; the targets do this by themselves

setup-%:
	@tools/setup $*

.PHONY: help
help: ## this list
	@awk 'BEGIN { FS = ":.*## " } \
	  /^##@ / { printf "\n%s\n", substr($$0, 5) } \
	  /^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))
	@printf '\n  make %-12s %s\n' 'setup-NEED' 'one need of tools/setup: rust build demo wasm lint test deb docs fuzz bench browser node'
