"""GET /-/ as a browser gets it: its header fields, and that it is all there is. tests/browser looks at what it shows."""

import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest
from harness.proxy import ROLE, TOKEN

SECRETS = (ROLE["AWS_SECRET_ACCESS_KEY"], TOKEN, ROLE["AWS_ACCESS_KEY_ID"], "029608264753")
BASIC = [("Authorization", "Basic " + base64.b64encode(f"anybody:{TOKEN}".encode()).decode())]
# What a browser sends: the first when its owner has typed the address, the second for what the page itself asks for.
TYPED = [("Sec-Fetch-Site", "none"), ("Sec-Fetch-Mode", "navigate"), ("Sec-Fetch-Dest", "document")]
FETCHED = [("Sec-Fetch-Site", "same-origin"), ("Sec-Fetch-Mode", "cors"), ("Sec-Fetch-Dest", "empty")]
ASKED = ("identity", "metrics", "denied", "policy?format=iam", "policy?format=terraform")


class Elements(HTMLParser):
    """All elements of a page, with their attributes; open ones must be closed in order."""

    VOID = ("meta", "link", "input")

    def __init__(self, text):
        super().__init__()
        self.found, self.open = [], []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def page(shared):
    answer = shared.ask("GET", "/-/", BASIC + TYPED, token=False)
    assert answer.status == 200
    return answer


def policy_of(answer):
    [text] = answer.all("content-security-policy")
    return {name: values for name, *values in (part.split() for part in text.split(";"))}


def test_its_fields(page):
    assert page.header("content-type") == "text/html; charset=utf-8"
    assert page.header("cache-control") == "no-store"
    assert page.header("x-content-type-options") == "nosniff"
    assert page.header("referrer-policy") == "no-referrer"
    assert page.header("cross-origin-opener-policy") == page.header("cross-origin-resource-policy") == "same-origin"
    assert len(page.body) < 24 * 1024
    assert not page.all("access-control-allow-origin") and not page.all("set-cookie")


def test_a_browser_runs_its_own_style_and_script_only(page):
    def hashed(tag):
        [content] = re.findall(rf"<{tag}>(.*?)</{tag}>", page.text, re.S)
        return [f"'sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}'"]

    none = ["'none'"]
    assert policy_of(page) == {
        "default-src": none, "connect-src": ["'self'"], "img-src": ["data:"], "style-src": hashed("style"),
        "script-src": hashed("script"), "base-uri": none, "form-action": none, "frame-ancestors": none,
        "require-trusted-types-for": ["'script'"], "trusted-types": none}


def test_it_is_whole(page):
    """No address but the proxy's own pages, and nothing that the policy would not let be: handlers and styles in attributes."""
    elements = Elements(page.text)
    for tag, attributes in elements.found:
        assert tag not in ("iframe", "object", "embed", "img", "base", "form"), tag
        assert not [name for name in attributes if name.startswith("on") or name in ("style", "src", "srcset")], attributes
        assert attributes.get("href", "/-/").startswith(("/-/", "data:image/svg+xml,")), attributes
        assert tag != "meta" or "http-equiv" not in attributes
    addresses = set(re.findall(r"\bhttps?:[^\s'\"]*", page.text)) - {"http://www.w3.org/2000/svg"}
    assert not addresses and "@import" not in page.text and "url(" not in page.text
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function", page.text)
    identifiers = [attributes["id"] for _, attributes in elements.found if "id" in attributes]
    assert len(identifiers) == len(set(identifiers))
    referred = {name for _, attributes in elements.found for key in ("aria-labelledby", "aria-describedby")
                for name in attributes.get(key, "").split()}
    assert referred | set(re.findall(r'\bat\("([\w-]+)"\)', page.text)) <= set(identifiers)


def test_nothing_secret_is_in_it(stage, page):
    """It is the same for everybody: what it shows it asks for."""
    assert not [secret for secret in SECRETS if secret in page.text]
    other = stage(AWS_LAMBDA_FUNCTION_NAME="other", AWS_REGION="eu-west-1", COUNTERSIGN_AUTH="none")
    assert other.ask("GET", "/-/", token=False).body == page.body


@pytest.mark.parametrize("target", ["/-/", "/-", "/-/?x=1"])
def test_where_it_is(shared, page, target):
    assert shared.ask("GET", target).body == page.body
    head = shared.ask("HEAD", target)
    assert head.status == 200 and head.body == b"" and head.header("content-length") == str(len(page.body))
    assert head.all("content-security-policy") == page.all("content-security-policy")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_it_can_only_be_looked_at(shared, method):
    assert shared.ask(method, "/-/", [], b"x" if method in ("POST", "PUT") else None).outcome == (405, "MethodNotAllowed")


@pytest.mark.parametrize("headers", [[], [("Authorization", "Basic eDp3cm9uZw==")], TYPED])
@pytest.mark.parametrize("target", ["/-/", "/-"])
def test_a_browser_is_told_to_ask_for_the_token(shared, target, headers):
    answer = shared.ask("GET", target, headers, token=False)
    assert answer.outcome == (401, "TokenRequired")
    assert answer.header("www-authenticate") == 'Basic realm="countersign"' and b"<html" not in answer.body


@pytest.mark.parametrize("name", ASKED)
@pytest.mark.parametrize("auth", ["token", "none"])
def test_what_the_page_asks_for_passes(stage, name, auth):
    """As the browser asks: with the password that it was told for the page, from the page's own origin."""
    here = stage(COUNTERSIGN_AUTH=auth)
    headers = FETCHED + (BASIC if auth == "token" else [])
    origin = [("Origin", f"http://localhost:{here.port}")]
    for more in ([], origin):
        assert here.ask("GET", f"/-/{name}", headers + more, token=False, host=f"localhost:{here.port}").status == 200


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
@pytest.mark.parametrize("auth", ["token", "none"])
def test_another_sites_page_cannot_have_it(stage, site, auth):
    here = stage(COUNTERSIGN_AUTH=auth)
    answer = here.ask("GET", "/-/", [("Sec-Fetch-Site", site)] + (BASIC if auth == "token" else []), token=False)
    assert answer.outcome == (403, "HostNotAllowed")


def test_pages_are_counted_apart(stage):
    """The page looks every few seconds, and is to show what the function does."""
    here = stage()
    for target in ("/-/", "/-/health", "/s3/b/k", "/-/nothing"):
        here.ask("GET", target)
    text = here.ask("GET", "/-/metrics").text
    for status, total, pages in (("2xx", 3, 2), ("4xx", 1, 1)):
        assert f'\ncountersign_requests_total{{status="{status}"}} {total}\n' in text
        assert "\ncountersign_page_errors_total{code=\"NotFound\"} 1\n" in text
        assert f'\ncountersign_page_requests_total{{status="{status}"}} {pages}\n' in text


@pytest.mark.parametrize("target", ["/-/health", *(f"/-/{name}" for name in ASKED)])
def test_no_page_is_taken_for_another_kind(shared, target):
    assert shared.ask("GET", target).header("x-content-type-options") == "nosniff"
