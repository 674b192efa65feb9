# The strict server of others that make test needs: versitygw, built from source by Go, once; moto is in build/venv.

GO := build/go
VERSITYGW_VERSION := v1.8.0

# Everything that Go fetches and builds stays in build/go, and can be deleted.
go = env -u GOROOT GOPATH=$(CURDIR)/$(GO)/path GOCACHE=$(CURDIR)/$(GO)/cache \
	GOFLAGS='-modcacherw -buildvcs=false -trimpath' GOTOOLCHAIN=local CGO_ENABLED=0 $(CURDIR)/$(GO)/bin/go
# $(call quietly,LOG): what a command says, only if it fails.
quietly = >$(1) 2>&1 || { cat $(1); exit 1; }

$(GO)/ready: tests/setup/go.sh | build/setup/python.packages
	$(say) GO $(GO)/bin/go
	@mkdir -p $(@D)
	$(Q)$< $(@D) $(call quietly,$(GO).log)
	@touch $@

# A folder for each version, so that it is built again for another one alone.
VERSITYGW := build/servers/versitygw-$(VERSITYGW_VERSION)/versitygw
$(VERSITYGW): | $(GO)/ready
	$(say) GO 'versitygw $(VERSITYGW_VERSION)'
	@mkdir -p $(@D)
	$(Q)GOBIN=$(CURDIR)/$(@D) $(go) install github.com/versity/versitygw/cmd/versitygw@$(VERSITYGW_VERSION) \
		$(call quietly,build/servers/versitygw.log)
	@ln -sf $(notdir $(@D))/versitygw build/servers/versitygw

# All that tests/servers needs. The server takes minutes, once; make compiles the program beside it.
test-servers-programs: $(VERSITYGW) test-programs
	@:

.PHONY: test-servers-programs
