# make lint: compilers, formatter, analysers and the house rules; only what changed is checked again.

LINT_WARNINGS := -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow \
	-Wstrict-prototypes -Wmissing-prototypes -Wcast-qual -Wwrite-strings -Wpointer-arith \
	-Wformat=2 -Wundef -Wvla -Wswitch-enum -Wnull-dereference -Wdouble-promotion \
	-Wimplicit-fallthrough -Werror
LINT_GCC := gcc -O2 $(LINT_WARNINGS) -Wduplicated-cond -Wlogical-op
LINT_CLANG := clang -O2 $(LINT_WARNINGS) -Wno-unknown-warning-option

OWN_HEADERS := $(wildcard proxy/*.h proxy/*/*.h extension/*.h)
TEST_SOURCES := $(UNIT_TESTS) $(UNIT_HELPERS) $(FUZZERS) $(wildcard tests/fuzz/replay.c tests/*/ask.c tests/bench/*.c)
SHIPPED_SOURCES := $(OWN_SOURCES) $(LAYER_SOURCES)
C_FILES := $(SHIPPED_SOURCES) $(OWN_HEADERS) $(TEST_SOURCES) $(wildcard tests/unit/*.h tests/fuzz/*.h)

# The tests' own code: __wrap_x and LLVMFuzzerTestOneInput are called by name only, so have no
# prototype; the slow analysers are for what ships.
$(TEST_SOURCES:%.c=build/lint/%.o): LINT_EXTRA := -Wno-missing-prototypes
$(SHIPPED_SOURCES:%.c=build/lint/%.o): LINT_ANALYZER := -fanalyzer

# Both compilers; gcc's object and its dependencies say when to look again.
build/lint/%.o: %.c tests/lint/lint.mk build/deps/libraries.mk | lint-packages
	$(say) LINT $<
	@mkdir -p $(@D)
	$(Q)$(LINT_CLANG) $(LINT_EXTRA) $(CPPFLAGS_ALL) -fsyntax-only $<
	$(Q)$(LINT_GCC) $(LINT_EXTRA) $(LINT_ANALYZER) $(CPPFLAGS_ALL) -MMD -MP -c -o $@ $<

# A header must compile alone.
build/lint/%.h.o: %.h tests/lint/lint.mk build/deps/libraries.mk | lint-packages
	$(say) LINT $<
	@mkdir -p $(@D)
	@printf '#include "$<"\n' >$(@:.o=.c)
	$(Q)$(LINT_CLANG) $(CPPFLAGS_ALL) -fsyntax-only $(@:.o=.c)
	$(Q)$(LINT_GCC) $(CPPFLAGS_ALL) -MMD -MP -c -o $@ $(@:.o=.c)

build/lint/%.tidy: %.c build/lint/%.o .clang-tidy
	$(say) TIDY $<
	$(Q)clang-tidy --quiet $< -- $(CPPFLAGS_ALL) >$@.log 2>&1 || { cat $@.log; exit 1; }
	@touch $@

build/lint/format: $(C_FILES) .clang-format | lint-packages
	$(say) FORMAT '$(words $(C_FILES)) files'
	@mkdir -p $(@D)
	$(Q)clang-format --dry-run -Werror $(C_FILES)
	@touch $@

# Its library knows no mapping without a file, whose descriptor is -1 (mmap(2)).
build/lint/cppcheck: $(SHIPPED_SOURCES:%.c=build/lint/%.o)
	$(say) CHECK '$(words $(SHIPPED_SOURCES)) files'
	@mkdir -p build/lint/cppcheck-files
	$(Q)cppcheck --quiet --std=c11 --enable=warning,performance,portability \
		--error-exitcode=1 --cppcheck-build-dir=build/lint/cppcheck-files --library=posix,openssl -I. -D_GNU_SOURCE \
		--suppress=invalidFunctionArg:proxy/exchange/part_memory.c -D__linux__ -DCOUNTERSIGN_VERSION='""' $(SHIPPED_SOURCES)
	@touch $@

build/lint/rules: $(C_FILES) $(wildcard proxy/*/*.def proxy/*/*.inc) tests/lint/rules.py | lint-packages
	$(say) RULES '$(words $(C_FILES)) files'
	@mkdir -p $(@D)
	$(Q)python3 tests/lint/rules.py
	@touch $@

# Not a file, so that it can stand for two that are; order-only, so that it never remakes anything.
lint-packages: build/setup/lint.packages build/setup/test.packages

lint: build/lint/rules build/lint/format $(TEST_SOURCES:%.c=build/lint/%.o) \
		$(OWN_HEADERS:%=build/lint/%.o) build/lint/cppcheck \
		$(SHIPPED_SOURCES:%.c=build/lint/%.tidy) ## compilers, analysers, formatter and house rules

format: | build/setup/lint.packages ## lays out the C files as lint wants them
	$(Q)clang-format -i $(C_FILES)

.PHONY: lint lint-packages format
