# make test-clients: strict S3 servers of others, real clients through the proxy and directly, random requests.
# What these are made of comes by their ordinary package clients and stays in build/clients.

CLIENTS := build/clients
CLIENTS_GO := $(CLIENTS)/go
VERSITYGW_VERSION := v1.8.0

# Everything that Go fetches and builds stays in build/clients/go, and can be deleted.
clients_go = env -u GOROOT GOPATH=$(CURDIR)/$(CLIENTS_GO)/path GOCACHE=$(CURDIR)/$(CLIENTS_GO)/cache GOBIN=$(CURDIR)/$(CLIENTS)/bin \
	GOFLAGS='-modcacherw -buildvcs=false -trimpath' GOTOOLCHAIN=local CGO_ENABLED=0 $(CURDIR)/$(CLIENTS_GO)/bin/go
# $(call quietly,LOG): what a command says, only if it fails.
quietly = >$(1) 2>&1 || { cat $(1); exit 1; }

$(CLIENTS_GO)/bin/go: tests/setup/go.sh | build/setup/python.packages
	$(say) GO $@
	$(Q)$< $(CLIENTS_GO) $(call quietly,$(CLIENTS_GO).log)

$(CLIENTS)/bin/versitygw: tests/clients/clients.mk | $(CLIENTS_GO)/bin/go
	$(say) GO 'versitygw $(VERSITYGW_VERSION)'
	$(Q)$(clients_go) install github.com/versity/versitygw/cmd/versitygw@$(VERSITYGW_VERSION) $(call quietly,$@.log)
	@touch $@

# All that tests/clients needs, for those who start tests/run.py themselves.
test-clients-programs: build/countersign build/asan/countersign build/venv/ready build/setup/test.packages \
		build/setup/clients.packages $(CLIENTS)/bin/versitygw
	@:

test-clients: test-clients-programs ## strict servers of others, real clients, 10,000 random requests
	$(Q)$(PYTHON) tests/run.py tests/clients

.PHONY: test-clients test-clients-programs
