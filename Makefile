# `make` builds build/countersign, `make help` lists the other goals.
# Each goal first installs what it needs and lacks (tests/setup/packages.sh), once: build/ remembers.

VERSION := 0.1.0
CA_BUNDLE_SOURCE ?= /etc/ssl/certs/ca-certificates.crt
FUZZ_SECONDS ?= 600
PYTHON := build/venv/bin/python

MAKEFLAGS += --jobs=$(shell nproc) --no-builtin-rules
.DELETE_ON_ERROR:
.SECONDARY:
Q := $(if $(V),,@)
say = @printf '  %-6s %s\n'

all: build/countersign ## build/countersign, the release build

# --- Sources -----------------------------------------------------------------------------------

GENERATED := build/generated/amazon_roots.c build/generated/console.c
OWN_SOURCES := $(wildcard proxy/*.c proxy/*/*.c extension/*.c)
UNIT_TESTS := $(wildcard tests/unit/test_*.c)
UNIT_HELPERS := $(filter-out $(UNIT_TESTS),$(wildcard tests/unit/*.c))
FUZZERS := $(wildcard tests/fuzz/fuzz_*.c)

# --- Setup: packages, libraries, Python --------------------------------------------------------

# Where the C libraries are. make builds this file first and reads it; these goals do without.
ifneq ($(filter-out clean help format publish,$(or $(MAKECMDGOALS),all)),)
include build/deps/libraries.mk
endif

build/deps/libraries.mk: tests/setup/libraries.sh | build/setup/build.packages
	$(say) DEPS 'libuv, OpenSSL, cJSON, llhttp'
	@mkdir -p $(@D)
	$(Q)tests/setup/libraries.sh >$@

build/setup/%.packages: tests/setup/packages.sh
	@mkdir -p $(@D)
	$(Q)tests/setup/packages.sh $*
	@touch $@

build/venv/ready: tests/requirements.txt | build/setup/python.packages
	$(say) VENV $<
	$(Q)python3 -m venv --clear build/venv
	$(Q)$(PYTHON) -m pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@

build/generated/amazon_roots.c: proxy/io/amazon_roots.py | build/setup/build.packages
	$(say) GEN $@
	@mkdir -p $(@D)
	$(Q)python3 $< $(CA_BUNDLE_SOURCE) >$@

build/generated/console.c: proxy/pages/console.py proxy/pages/console.html | build/setup/build.packages
	$(say) GEN $@
	@mkdir -p $(@D)
	$(Q)python3 $^ >$@

# --- Compiling: one tree of objects for each kind of build -------------------------------------

CPPFLAGS_ALL = -std=c11 -D_GNU_SOURCE -DCOUNTERSIGN_VERSION='"$(VERSION)"' -I. $(LIBRARY_CFLAGS)

RELEASE := -O2 -flto=auto -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE \
	-ffunction-sections -fdata-sections
RELEASE_LINK := $(RELEASE) -pie -Wl,-z,relro,-z,now,-z,noexecstack -Wl,--gc-sections
SANITIZED := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=undefined \
	-fno-omit-frame-pointer
FUZZED := $(SANITIZED) -fsanitize=fuzzer-no-link

PROJECT = $(OWN_SOURCES) $(GENERATED) $(LLHTTP_SOURCES)
RELEASE_OBJECTS = $(PROJECT:%.c=build/release/%.o)
ASAN_OBJECTS = $(PROJECT:%.c=build/asan/%.o)
FUZZ_OBJECTS = $(PROJECT:%.c=build/fuzz/%.o)

# $(call compile,COMPILER,FLAGS); what stands under build/ is not ours to warn about.
define compile
$(say) CC $(@:build/%=%)
@mkdir -p $(@D)
$(Q)$(1) $(CPPFLAGS_ALL) $(CPPFLAGS) $(2) $(CFLAGS) $(if $(filter build/%,$<),-w,-Wall -Wextra) \
	-MMD -MP -c -o $@ $<
endef

# $(call link,COMPILER,FLAGS,MORE LIBRARIES)
define link
$(say) LD $@
@mkdir -p $(@D)
$(Q)$(1) $(2) $(LDFLAGS) -o $@ $(filter %.o %.a,$^) $(3) $(LIBRARIES)
endef

build/release/%.o: %.c Makefile build/deps/libraries.mk
	$(call compile,$(CC),$(RELEASE))

build/asan/%.o: %.c Makefile build/deps/libraries.mk
	$(call compile,$(CC),$(SANITIZED))

build/fuzz/%.o: %.c Makefile build/deps/libraries.mk | build/setup/fuzz.packages
	$(call compile,clang,$(FUZZED))

# --- The program -------------------------------------------------------------------------------

build/countersign: $(RELEASE_OBJECTS)
	$(call link,$(CC),$(RELEASE_LINK))

build/asan/countersign: $(ASAN_OBJECTS)
	$(call link,$(CC),$(SANITIZED))

# All but main, as a library from which a test takes what it uses.
build/asan/library.a: $(filter-out %/main.o,$(ASAN_OBJECTS)) $(UNIT_HELPERS:%.c=build/asan/%.o)
build/fuzz/library.a: $(filter-out %/main.o,$(FUZZ_OBJECTS)) $(UNIT_HELPERS:%.c=build/fuzz/%.o)
build/asan/library.a build/fuzz/library.a:
	$(say) AR $@
	@rm -f $@
	$(Q)ar -rcsT $@ $^

# --- Tests -------------------------------------------------------------------------------------

UNIT_PROGRAMS := $(UNIT_TESTS:tests/unit/%.c=build/asan/unit/%)
REPLAYS := $(FUZZERS:tests/fuzz/%.c=build/asan/fuzz/%)

# A line like /* wrap: malloc uv_write */ in a test's source links it with --wrap for each name.
wraps = $(shell sed -n 's,^/\* wrap: \(.*\) \*/$$,\1,p' $(1))

$(UNIT_PROGRAMS): build/asan/unit/%: build/asan/tests/unit/%.o build/asan/library.a
	$(call link,$(CC),$(SANITIZED) $(addprefix -Wl$(,)--wrap=,$(call wraps,tests/unit/$*.c)),-lcmocka)

$(REPLAYS): build/asan/fuzz/%: build/asan/tests/fuzz/%.o build/asan/tests/fuzz/replay.o \
		build/asan/library.a
	$(call link,$(CC),$(SANITIZED),-lcmocka)

$(UNIT_TESTS:%.c=build/asan/%.o) $(UNIT_HELPERS:%.c=build/asan/%.o) \
		$(UNIT_HELPERS:%.c=build/fuzz/%.o): | build/setup/test.packages

ASKERS := $(patsubst tests/%.c,build/asan/%,$(wildcard tests/*/ask.c))

$(ASKERS): build/asan/%/ask: build/asan/tests/%/ask.o build/asan/library.a
	$(call link,$(CC),$(SANITIZED))

# All that the tests need, for those who start tests/run.py or pytest themselves.
test-programs: build/countersign build/asan/countersign $(UNIT_PROGRAMS) $(REPLAYS) \
		$(ASKERS) build/venv/ready build/setup/test.packages
	@:

# What tests/servers needs besides takes minutes to build, once: TESTS that are others do not wait for it.
test: $(if $(findstring tests/servers,$(or $(TESTS),tests/servers)),test-servers-programs) test-programs ## every test, under the sanitizers; TESTS="tests/e2e/test_x.py ..." for some
	$(Q)$(PYTHON) tests/run.py $(TESTS)

# --- Fuzzing -----------------------------------------------------------------------------------

FUZZ_PROGRAMS := $(FUZZERS:tests/fuzz/%.c=build/fuzz/%)

$(FUZZ_PROGRAMS): build/fuzz/%: build/fuzz/tests/fuzz/%.o build/fuzz/library.a
	$(call link,clang,$(FUZZED) -fsanitize=fuzzer,-lcmocka)

# What a run finds new stays in build/fuzz/corpus; what is worth keeping is copied to tests/fuzz.
# An input that breaks a target is shown in base64, for a machine whose build/ is gone afterwards.
# .ci/run gives each target a few seconds. Before a release, and where a parser changes: make fuzz.
fuzz-%: build/fuzz/fuzz_%
	$(say) FUZZ '$* for $(FUZZ_SECONDS) s'
	@mkdir -p build/fuzz/corpus/$*
	$(Q)$< -max_total_time=$(FUZZ_SECONDS) -timeout=10 -rss_limit_mb=2048 \
		-artifact_prefix=build/fuzz/$*- build/fuzz/corpus/$* $(wildcard tests/fuzz/corpus/$*) \
		>$<.log 2>&1 || { cat $<.log; \
		for input in $$(sed -n 's/.*Test unit written to //p' $<.log); do \
			echo "base64 --decode >$$input"; base64 $$input; done; exit 1; }
	@tail -n 1 $<.log

fuzz: $(FUZZERS:tests/fuzz/fuzz_%.c=fuzz-%) ## each fuzz target for FUZZ_SECONDS

# --- The rest ----------------------------------------------------------------------------------

include layer/layer.mk
include tests/lint/lint.mk
include tests/examples/examples.mk
include tests/servers/servers.mk
include tests/clients/clients.mk
include tests/browser/browser.mk
include layer/publish.mk

demo: build/countersign build/venv/ready build/setup/demo.packages ## an emulated Lambda, the proxy, a fake AWS: see it work
	$(Q)$(PYTHON) tests/lambda/demo.py

include tests/bench/bench.mk

compare-aws: build/asan/tables/ask build/venv/ready ## the tables of AWS against the newest botocore: what is new; CORPUS=its tests/functional/endpoint-rules
	$(Q)python3 -m venv build/newest
	$(Q)build/newest/bin/python -m pip install --quiet --disable-pip-version-check --upgrade botocore
	$(Q)build/newest/bin/python tests/tables/compare.py $(CORPUS)

clean: ## removes build/
	$(Q)rm -rf build

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | column -t -s '|'

.PHONY: all test-programs test fuzz demo compare-aws clean help

, := ,
-include $(shell find build -name '*.d' 2>/dev/null)
