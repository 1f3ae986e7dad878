.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help run test tools lint test-rust test-browser test-watch bench

TARGET := $(abspath $(or $(CARGO_TARGET_DIR),target))
PICTURES := $(TARGET)/pictures

help: ## this list
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1\t\2/p' Makefile | expand -t 22

run: ## the board on this machine: the same as cargo run
	cargo run

test: lint test-rust test-browser test-watch ## all that CI runs; needs Rust, Python, Node, git and make

tools: ## what the tests need besides; installs only what is missing
	tests/tools/install

lint: ## formatting and clippy
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings

test-rust: tools ## the crates
	cargo test --workspace

# The binaries of `cargo test` have the features of the tests' own dependencies; the page and the watch
# test take those that a user has.
test-browser: $(PICTURES) ## the page in Chromium, with pictures as cameras make them
	cargo build --workspace
	cd tests/browser && CORKBOARD_BIN=$(TARGET)/debug/corkboard CORKBOARD_PICTURES=$(PICTURES) npm test

test-watch: tools ## the functions under cargo lambda watch
	tests/watch/run

bench: tools ## what the store costs at three table sizes; the database's processor time is what counts
	cargo bench --profile dev -p corkboard --bench table_sizes

$(PICTURES): tests/pictures/make.py tests/pictures/formats.py tests/tools/requirements.txt | tools
	.tools/venv/bin/python tests/pictures/make.py $@.new
	rm -rf $@ && mv $@.new $@
