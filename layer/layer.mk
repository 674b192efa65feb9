# make layer: the static program for both architectures, and the zips that Lambda unpacks to /opt.
# What it is made of (musl, OpenSSL, libuv, cJSON, llhttp) is built from source once; build/layer/deps keeps it until
# an input changes: a compiler, a library's version or patches, a flag, a script of this folder.

LAYER := build/layer
LAYER_DEPS := $(LAYER)/deps
LAYER_ARCHITECTURES := x86_64 arm64
LAYER_ZIPS := $(LAYER_ARCHITECTURES:%=$(LAYER)/countersign-%.zip)
LAYER_FILES := $(LAYER_ZIPS) $(LAYER)/countersign.cdx.json $(LAYER)/SHA256SUMS
LAYER_SOURCES := $(wildcard layer/*.c)

# The program's own release flags. Nothing is unwound in C, and no clock is in what is built.
LAYER_RELEASE := $(RELEASE) -fno-asynchronous-unwind-tables -fno-unwind-tables
LAYER_LINK := $(filter-out -pie,$(RELEASE_LINK)) -Wl,--build-id=none
LAYER_DATE := 315532800

# Of libuv what runs on Linux.
LIBUV_SOURCES := $(addprefix $(LAYER_DEPS)/sources/libuv/src/, \
	$(addsuffix .c,fs-poll idna inet random strscpy threadpool timer uv-common uv-data-getter-setters version) \
	$(addprefix unix/,$(addsuffix .c,async core dl epoll fs getaddrinfo getnameinfo linux-core linux-inotify \
	linux-syscalls loop loop-watcher pipe poll process procfs-exepath proctitle random-devurandom random-getrandom \
	random-sysctl-linux signal stream tcp thread tty udp)))
CJSON_SOURCES := $(LAYER_DEPS)/sources/cjson/cJSON.c
LAYER_PROJECT = $(PROJECT) $(LAYER_SOURCES) $(LIBUV_SOURCES) $(CJSON_SOURCES)

$(LAYER_DEPS)/sources/packages: layer/sources.sh | build/setup/layer.packages
	$(say) FETCH 'source packages of OpenSSL, libuv, cJSON'
	$(Q)layer/sources.sh $(@D)

$(LIBUV_SOURCES) $(CJSON_SOURCES): $(LAYER_DEPS)/sources/packages ;

# Looked at by every make, written only where something in it is new.
$(LAYER_DEPS)/%/inputs: $(LAYER_DEPS)/sources/packages layer-always
	@mkdir -p $(@D)
	$(Q)layer/inputs.sh $* '$(LAYER_RELEASE)' >$@.new
	$(Q)cmp -s $@.new $@ && rm $@.new || mv $@.new $@

$(LAYER_DEPS)/%/toolchain/musl-cc: $(LAYER_DEPS)/%/inputs
	$(Q)layer/toolchain.sh $* $(@D)

$(LAYER_DEPS)/%/openssl/libssl.a: $(LAYER_DEPS)/%/toolchain/musl-cc
	$(say) BUILD 'OpenSSL for $*'
	+$(Q)SOURCE_DATE_EPOCH=$(LAYER_DATE) CFLAGS='$(filter-out -flto%,$(LAYER_RELEASE))' \
		layer/openssl.sh $* $(LAYER_DEPS)/sources/openssl $(<D) $(@D)

# $(call layer_rules,ARCHITECTURE)
define layer_rules
$(LAYER)/$(1)/%: LIBRARY_CFLAGS = -isystem $(LAYER_DEPS)/sources -isystem $(LAYER_DEPS)/sources/libuv/include \
	-iquote $(LAYER_DEPS)/sources/libuv/src -isystem $(LAYER_DEPS)/$(1)/openssl/include \
	$(addprefix -isystem,$(filter build/%,$(LIBRARY_CFLAGS)))
$(LAYER)/$(1)/%: LIBRARIES = $(addprefix $(LAYER_DEPS)/$(1)/openssl/,libssl.a libcrypto.a)

$(LAYER)/$(1)/%.o: %.c Makefile layer/layer.mk $(LAYER_DEPS)/$(1)/openssl/libssl.a build/deps/libraries.mk
	$$(call compile,$(LAYER_DEPS)/$(1)/toolchain/musl-cc,$$(LAYER_RELEASE))

$(LAYER)/$(1)/countersign.full: $$(LAYER_PROJECT:%.c=$(LAYER)/$(1)/%.o)
	$$(call link,$(LAYER_DEPS)/$(1)/toolchain/musl-cc,$$(LAYER_LINK) -Wl$$(,)-Map=$$@.map)

$(LAYER)/$(1)/countersign: $(LAYER)/$(1)/countersign.full
	$$(Q)$(LAYER_DEPS)/$(1)/toolchain/strip --strip-all --remove-section=.comment -o $$@ $$<

$(LAYER)/countersign-$(1).zip: $(LAYER)/$(1)/countersign layer/countersign-env layer/zip.py
	$$(say) ZIP $$@
	$$(Q)python3 layer/zip.py $$@ extensions/countersign=$$< countersign-env=layer/countersign-env
endef
$(foreach architecture,$(LAYER_ARCHITECTURES),$(eval $(call layer_rules,$(architecture))))

$(LAYER)/countersign.cdx.json: layer/bom.py $(LAYER_DEPS)/sources/packages $(LAYER_ZIPS)
	$(say) BOM $@
	$(Q)python3 $< $(LAYER_DEPS)/sources/packages $(VERSION) $(LAYER_ZIPS) >$@

$(LAYER)/SHA256SUMS: $(LAYER_ZIPS) $(LAYER)/countersign.cdx.json
	$(Q)cd $(@D) && sha256sum $(^F) >$(@F)

layer: $(LAYER_FILES) ## build/layer: the static program, zipped for Lambda, for x86-64 and arm64

# All that tests/layer needs, for those who start tests/run.py themselves.
test-layer-programs: layer build/countersign build/venv/ready build/setup/test.packages build/setup/layer-test.packages
	@:

test-layer: test-layer-programs test-examples-programs ## what the zips hold, as Lambda runs it, on both architectures; the examples
	$(Q)$(PYTHON) tests/run.py tests/layer tests/examples

.PHONY: layer layer-always test-layer test-layer-programs
