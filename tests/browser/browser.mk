# make test-browser: the page of GET /-/ in headless Chromium, Debian's, which Playwright drives.

build/browser/ready: tests/browser/requirements.txt build/venv/ready
	$(say) PIP $<
	@rm -rf $(@D)
	$(Q)$(PYTHON) -m pip install --quiet --disable-pip-version-check --target $(@D)/python --requirement $<
	@touch $@

# All that tests/browser needs, for those who start tests/run.py themselves.
test-browser-programs: test-programs build/browser/ready build/setup/browser.packages
	@:

test-browser: test-browser-programs ## the page for a person, in headless Chromium
	$(Q)$(PYTHON) tests/run.py tests/browser

picture: build/countersign build/browser/ready build/setup/browser.packages ## docs/console.png anew
	$(say) SHOT docs/console.png
	$(Q)$(PYTHON) tests/browser/picture.py docs/console.png

.PHONY: test-browser test-browser-programs picture
