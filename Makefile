# make demo    fetch seven sites one after another, then all at once, and compare
# make test    every check and every test; what continuous integration runs
# make bench   measure against other clients, side by side, in a few minutes (ROWS=c100,json CLIENTS=wreq,httparallel)
# make bench-full   the same at length, and write docs/benchmarks
# make conformance   run the tests of httpcore and of httpx against this package
#
# Each sets up what it needs: virtual environments with pinned packages, a release build of the extension.
# Needed on the machine: cargo, a C compiler, make, CPython 3.11 or newer.

.NOTPARALLEL:
.DELETE_ON_ERROR:
.PHONY: help demo test bench bench-full bench-setup conformance setup lint lint-rust lint-python programs test-rust fuzz test-libraries test-python smoke clean

TARGET := $(abspath $(or $(CARGO_TARGET_DIR),target))
BIN    := $(CURDIR)/.venv/bin
PYTHON_SOURCES := bench demo python scripts tests

# One interpreter for every build of the bindings: changing it makes cargo build them again.
export PYO3_PYTHON := $(BIN)/python
export PIP_DISABLE_PIP_VERSION_CHECK := 1

heading = @printf '\n==> %s\n' '$(1)'

help:
	@sed -n '1,/^$$/s/^# \{0,1\}//p' Makefile

# ---- Set-up: each stamp file says that its step was done after its inputs last changed.

setup: .venv/.installed

RUST_SOURCES   := Cargo.toml Cargo.lock $(shell find crates -name '*.rs' -o -name Cargo.toml)
NATIVE_SOURCES := $(filter-out crates/httparallel-testserver/%,$(RUST_SOURCES))
PACKAGE_FILES  := pyproject.toml README.md $(shell find python -name '*.py' -o -name '*.pyi' -o -name py.typed)
SERVER         := $(TARGET)/release/httparallel-testserver
DEBUG_SERVER   := $(TARGET)/debug/httparallel-testserver
# The benchmark's server, and its clients in Rust: workspaces of their own.
BENCH_SERVER   := $(TARGET)/release/httparallel-bench-server
BENCH_CLIENTS  := $(TARGET)/release/httparallel-bench-clients

.venv/.ready: requirements/dev.txt requirements/test.txt
	$(call heading,Python environment)
	@scripts/venv.sh .venv "$$(scripts/interpreters.sh | head -n 1 | cut -f 2)" requirements/dev.txt
	@touch $@

dist/.built: .venv/.ready $(NATIVE_SOURCES) $(PACKAGE_FILES)
	$(call heading,Extension module (release build))
	@mkdir -p dist && rm -f dist/httparallel-*.whl
	$(BIN)/maturin build --release --locked --compatibility linux --interpreter $(BIN)/python --out dist
	@touch $@

.venv/.installed: dist/.built
	@$(BIN)/python -m pip install --quiet --no-deps --force-reinstall dist/httparallel-*.whl
	@touch $@

$(SERVER): $(RUST_SOURCES)
	$(call heading,Test server (release build))
	cargo build --locked --release --package httparallel-testserver
	@touch $@

$(BENCH_SERVER): bench/server/Cargo.toml bench/server/Cargo.lock $(wildcard bench/server/src/*.rs)
	$(call heading,Server of the benchmark (release build))
	cargo build --locked --release --manifest-path bench/server/Cargo.toml --target-dir $(TARGET)
	@touch $@

# Not locked: its lock file follows the dependencies of the workspace above.
$(BENCH_CLIENTS): bench/rust/Cargo.toml bench/rust/Cargo.lock $(wildcard bench/rust/src/*.rs) $(NATIVE_SOURCES)
	$(call heading,Rust clients of the benchmark (release build))
	cargo build --release --manifest-path bench/rust/Cargo.toml --target-dir $(TARGET)
	@touch $@

# ---- What a person runs.

demo: .venv/.installed $(SERVER)
	@HTTPARALLEL_TESTSERVER=$(SERVER) $(BIN)/python demo/demo.py $(if $(URLS),--urls '$(URLS)')

bench: bench-setup
	$(call heading,Benchmark)
	@$(BENCH)

# All of it, and its results as a page. With ROWS or CLIENTS the page keeps what it has of other rows.
bench-full: bench-setup
	$(call heading,Benchmark)
	@$(BENCH) --full --page

# Our own failures end the run with an error; those of other clients are results.
BENCH = HTTPARALLEL_BENCH_SERVER=$(BENCH_SERVER) HTTPARALLEL_BENCH_CLIENTS=$(BENCH_CLIENTS) \
	.venv-bench/bin/python bench/run.py --rows '$(ROWS)' --clients '$(CLIENTS)' $(FLAGS)

bench-setup: .venv/.installed $(BENCH_SERVER) $(BENCH_CLIENTS)
	$(call heading,Other clients)
	@scripts/bench_programs.sh
	@scripts/venv.sh .venv-bench $(BIN)/python requirements/bench.txt
	@scripts/venv.sh .venv-bench-niquests $(BIN)/python requirements/bench-niquests.txt
	@.venv-bench/bin/python -m pip install --quiet --no-deps --force-reinstall dist/httparallel-*.whl

# Their sources are downloaded by whoever runs this; they are no part of this repository.
conformance: .venv/.installed
	$(call heading,The tests of httpcore and httpx with this package)
	@$(BIN)/python scripts/conformance/conformance.py

# Cheap checks first; the Python tests last, because they need everything else and end with the totals.
test: lint test-rust fuzz smoke test-libraries test-python

# ---- The parts of `make test`.

lint: lint-rust lint-python

lint-rust: .venv/.ready
	$(call heading,Rust: format)
	cargo fmt --all --check
	cargo fmt --check --manifest-path fuzz/Cargo.toml
	cargo fmt --check --manifest-path bench/server/Cargo.toml
	cargo fmt --check --manifest-path bench/rust/Cargo.toml
	$(call heading,Rust: clippy)
	cargo clippy --locked --workspace --all-targets --all-features -- -D warnings
	cargo check --locked --quiet --package httparallel --no-default-features
	cargo clippy --locked --manifest-path bench/server/Cargo.toml --target-dir $(TARGET) -- -D warnings
	$(call heading,Rust: dependencies)
	@scripts/deny.sh

lint-python: .venv/.installed
	$(call heading,Shell: shellcheck)
	$(BIN)/shellcheck .ci/run scripts/*.sh
	$(call heading,Python: format and lint)
	$(BIN)/ruff format --check $(PYTHON_SOURCES)
	$(BIN)/ruff check $(PYTHON_SOURCES)
	$(call heading,Python: types)
	$(BIN)/mypy --strict
	$(call heading,Python: stubs against the compiled module)
	$(BIN)/python -m mypy.stubtest httparallel._native

# All of the workspace at once, like `cargo test`: for a single package cargo would choose other features of the
# dependencies and build those a second time.
programs: .venv/.ready
	$(call heading,Rust: programs and examples)
	cargo build --locked --workspace --all-features --bins --examples

test-rust: programs
	$(call heading,Rust: tests and documentation examples)
	cargo test --locked --workspace --all-features
	$(call heading,Rust: documentation)
	RUSTDOCFLAGS='-D warnings' cargo doc --locked --workspace --all-features --no-deps --quiet

# A short run that is the same every time. With RUNS it is as long as that says, and different every time.
fuzz:
	$(call heading,Rust: fuzz targets)
	@scripts/fuzz.sh $(RUNS)

# The demo and the benchmark are programs that nothing else calls: a short run of each shows that they still work.
smoke: .venv/.installed programs
	$(call heading,Demo and benchmark: short runs)
	@HTTPARALLEL_TESTSERVER=$(DEBUG_SERVER) $(BIN)/python demo/demo.py
	cargo build --locked --manifest-path bench/server/Cargo.toml --target-dir $(TARGET)
	@HTTPARALLEL_BENCH_SERVER=$(TARGET)/debug/httparallel-bench-server $(BIN)/python bench/run.py --smoke

# What others have built on httpx has to work with this package under that name.
test-libraries: .venv/.installed programs
	$(call heading,Libraries written for httpx)
	@HTTPARALLEL_TESTSERVER=$(DEBUG_SERVER) scripts/libraries.sh $(BIN)/python

test-python: .venv/.installed programs
	$(call heading,Servers and proxies to test against)
	@scripts/peers.sh
	@HTTPARALLEL_TESTSERVER=$(DEBUG_SERVER) $(BIN)/python scripts/python_tests.py

clean:
	rm -rf .venv .venv-* .tools dist bench/results conformance-work target
