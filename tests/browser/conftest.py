"""Debian's Chromium, headless, and the real program behind the page that it shows."""

import sys

import pytest
from harness.client import wait_until
from harness.proxy import ROOT, TOKEN, Proxy
from harness.upstream import Upstream

sys.path.append(str(ROOT / "build" / "browser" / "python"))

from playwright.sync_api import sync_playwright  # noqa: E402: it is where the line above says

CHROMIUM = "/usr/bin/chromium"
TIMEOUT_MS = 20_000


@pytest.fixture(scope="session")
def chromium():
    """No sandbox: in a container root cannot have one, and it shows nobody's pages but ours."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, chromium_sandbox=False)
        yield browser
        browser.close()


class Screen:
    """The page as a person has it. faked: what pages of the proxy say in the place of what it would; name: (status, text)."""

    def __init__(self, page, proxy, upstream):
        self.page, self.proxy, self.upstream = page, proxy, upstream
        self.said, self.asked, self.faked = [], [], {}
        page.set_default_timeout(TIMEOUT_MS)
        page.on("console", lambda message: self.said.append(message.text))
        page.on("pageerror", lambda error: self.said.append(str(error)))
        page.on("request", lambda request: self.asked.append(request.url))
        page.route("**/-/*", self._answer)
        page.clock.install()

    def _answer(self, route):
        name = route.request.url.partition("/-/")[2]
        fake = self.faked.get(name) or self.faked.get(name.partition("?")[0])
        if fake:
            route.fulfill(status=fake[0], body=fake[1], content_type="text/plain; charset=utf-8")
        else:
            route.fallback()

    def open(self):
        """Loads the page; returns its answer once it has shown all that it asked for."""
        answer = self.page.goto(self.proxy.url + "/-/")
        self.page.wait_for_selector("#time:not(:empty)")
        return answer

    def settle(self):
        """Waits for the end of what the page is asking for."""
        assert wait_until(lambda: self.page.evaluate("!busy"))

    def later(self):
        """Lets its clock run until it has asked again."""
        self.settle()
        self.page.clock.run_for(4000)
        self.settle()

    def see(self, selector, text):
        """Waits until a text is there."""
        self.page.locator(selector).filter(has_text=text).first.wait_for()

    def text(self, selector):
        return self.page.locator(selector).inner_text()


@pytest.fixture
def screen(chromium, authority):
    """screen(handler, COUNTERSIGN_X=...) is the page of a program of its own; password: what is typed into the prompt."""
    started = []

    def start(handler=None, *, password=TOKEN, context=None, **env):
        upstream = Upstream(authority, handler, check=False)
        proxy = Proxy({"COUNTERSIGN_ENDPOINT": upstream.url, "COUNTERSIGN_CA_BUNDLE": authority.bundle,
                       "AWS_LAMBDA_FUNCTION_NAME": "voice-memos", **env})
        held = chromium.new_context(http_credentials={"username": "x", "password": password} if password else None,
                                    permissions=["clipboard-read"], **(context or {}))
        started.append((proxy, upstream, held))
        return Screen(held.new_page(), proxy, upstream)

    yield start
    for proxy, upstream, held in started:
        held.close()
        upstream.close()
        status = proxy.stop()
        print(proxy.text())
        assert status == 0
