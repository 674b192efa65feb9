"""GET /-/ in a browser: what it shows, that it keeps itself fresh, that hands on a keyboard do, and that nothing from a
request is more than text."""

import json
import re
import urllib.error
import urllib.parse
import urllib.request

import pytest
from harness.proxy import ROLE, TOKEN
from harness.upstream import Response

SECRETS = (ROLE["AWS_SECRET_ACCESS_KEY"], TOKEN, ROLE["AWS_ACCESS_KEY_ID"])
FORMATS = ("iam", "serverless", "sam", "cdk", "terraform")
HOSTILE = "<img src=x onerror=\"document.title='taken'\"><script>document.title='taken'</script>"
REORDERED = "arn:aws:s3:::b/\u202egnp.exe\u200b\x07"


def denial(action="s3:GetObject", resource="arn:aws:s3:::b/k", **more):
    return {"action": action, "resource": resource, "guessed": False, "count": 1, "last": "2026-01-02T03:04:05.678Z",
            "why": "no identity-based policy allows it", "advice": "allow it in the role's policy", "who": "", "policy": "",
            "statement": {"Effect": "Allow", "Action": action, "Resource": resource}, **more}


def denials(*list_, forgotten=0):
    return 200, json.dumps({"denied": list_, "forgotten": forgotten})


def policies():
    return {f"policy?format={name}": (200, f"the policy in {name}\n  <b>of</b> two lines\n") for name in FORMATS}


def ask(here, target, method="GET"):
    """What the function is answered; None where that is an error."""
    request = urllib.request.Request(here.proxy.url + target, headers={"X-Countersign-Token": TOKEN}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.read().decode()
    except urllib.error.HTTPError as error:
        error.close()
        return None


def quiet(here):
    """Nothing was said that a page should not have to say: no error, no breach of its policy."""
    said = [line for line in here.said if "Failed to load resource" not in line]
    assert not said, said


# --- what it shows

def test_who(screen):
    here = screen()
    assert here.open().status == 200
    for text in ("voice-memos", "029608264753", "us-east-1, partition aws", "not asked"):
        here.see("#who", text)
    assert here.page.title() == "voice-memos – countersign"
    assert here.page.locator("#warnings *").count() == 0
    quiet(here)


def test_a_warning(screen):
    here = screen(COUNTERSIGN_AUTH="none", AWS_SESSION_TOKEN=None, AWS_ACCESS_KEY_ID="AKIAQNZGKIQY56JQ7WML")
    here.open()
    here.see("#warnings", "MistakenIdentity")
    assert "AKIAQNZGKIQY56JQ7WML" not in here.page.content()
    quiet(here)


def test_aws_is_asked_when_the_button_is_pressed(screen):
    arn = "arn:aws:sts::123456789012:assumed-role/worker/my-function"
    here = screen(lambda request: Response(body=f"<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>{arn}</Arn>"
                  "<UserId>AROAXWO2SDPLLBS55Q345:my-function</UserId><Account>123456789012</Account>"
                  "</GetCallerIdentityResult></GetCallerIdentityResponse>".encode(), headers=(("Content-Type", "text/xml"),)))
    here.open()
    assert not here.upstream.requests
    here.page.get_by_role("button", name="Ask AWS").click()
    here.see("#who", "arn:aws:iam::123456789012:role/worker")
    assert len(here.upstream.requests) == 1
    quiet(here)


def test_aws_does_not_know(screen):
    here = screen(lambda request: Response(403, b"<Error><Code>InvalidClientTokenId</Code></Error>"))
    here.open()
    here.page.get_by_role("button", name="Ask AWS").click()
    here.see("#verify-help", "InvalidClientTokenId")
    here.see("#verify", "Ask AWS")


def test_requests_by_status(screen):
    here = screen(lambda request: Response({"/b/good": 200, "/b/gone": 404}.get(request.path, 500)))
    for key, times in (("good", 3), ("gone", 2), ("bad", 1)):
        for _ in range(times):
            ask(here, f"/s3/b/{key}")
    here.open()
    rows = dict(re.findall(r"^(\w+) .*?\t(\d+)$", here.text("#statuses"), re.M))
    assert rows == {"2xx": "3", "4xx": "2", "5xx": "1"}     # what the page itself asks does not count
    assert here.text("#total") == "6"
    assert here.page.locator("#errors-table").filter(visible=True).count() == 0 and here.text("#services") == "s3\t6"
    ask(here, "/s3/b/good")
    ask(here, "/nosuchservice/")
    here.later()
    assert here.text("#total") == "8" and here.text("#errors") == "UnknownService\t1"
    quiet(here)


def test_requests_by_service(screen):
    here = screen()
    here.faked["metrics"] = 200, ('countersign_service_requests_total{service="s3",status="2xx"} 1200\n'
                                  'countersign_service_requests_total{service="s3",status="4xx"} 34\n'
                                  'countersign_service_requests_total{service="transcribe",status="2xx"} 5\n'
                                  'countersign_requests_total{status="2xx"} 1205\n')
    here.open()
    assert re.findall(r"^(\w+)\t([\d,]+)$", here.text("#services"), re.M) == [("s3", "1,234"), ("transcribe", "5")]
    quiet(here)


def test_what_was_denied(screen):
    here = screen()
    here.faked["denied"] = denials(
        denial("s3:PutObject", count=1234), denial("kms:Decrypt", "", statement=None, guessed=True, who="the role",
                                                   policy="arn:aws:organizations::1:policy/p"), forgotten=7)
    here.open()
    first, second = here.page.locator("#denied li").all()
    assert "s3:PutObject on arn:aws:s3:::b/k" in first.inner_text()
    assert "1,234 times, last at 2026-01-02 03:04:05 UTC" in first.inner_text()
    assert "No identity-based policy allows it: allow it in the role's policy." in first.inner_text()
    assert json.loads(first.locator("pre").inner_text())["Action"] == "s3:PutObject"
    assert second.locator("pre, button").count() == 0 and "No statement" in second.inner_text()
    assert "Denied to the role. By the policy arn:aws:organizations::1:policy/p." in second.inner_text()
    assert "7 more are forgotten" in here.text("#denied-note")
    here.faked["denied"] = denials()
    here.later()
    here.see("#denied-note", "Nothing was denied.")
    assert here.page.locator("#denied li").count() == 0
    quiet(here)


def test_what_is_not_recorded(screen):
    here = screen(COUNTERSIGN_POLICY="off")
    here.open()
    for note in ("#denied-note", "#policy-note"):
        assert "COUNTERSIGN_POLICY is off" in here.text(note)
    assert here.page.locator("#policy").is_hidden() and here.page.locator("#copy").is_disabled()
    here.faked.update(denied=denials(denial()), **policies())
    here.later()
    here.see("#policy", "the policy in iam")
    assert here.page.locator("#denied li").count() == 1 and here.page.locator("#denied-note").is_hidden()


def test_what_the_function_does(screen):
    """Without anything faked: what was allowed is in the policy, in all formats, and what AWS denied in the list."""
    def answer(request):
        if request.method == "DELETE":
            return Response(403, b"<Error><Code>AccessDenied</Code><Message>User: arn:aws:sts::123456789012:assumed-role/worker/f "
                            b"is not authorized to perform: s3:DeleteObject on resource: "
                            b'"arn:aws:s3:::voice-memos/calls/1.wav" because no identity-based policy allows the '
                            b"s3:DeleteObject action</Message></Error>", headers=(("Content-Type", "application/xml"),))
        return Response()
    here = screen(answer)
    here.open()
    assert "Nothing was denied." in here.text("#denied-note")
    ask(here, "/s3/voice-memos/calls/1.wav")
    assert ask(here, "/s3/voice-memos/calls/1.wav", "DELETE") is None
    here.later()
    assert "s3:DeleteObject on arn:aws:s3:::voice-memos/calls/1.wav" in here.text("#denied li")
    assert json.loads(here.text("#denied pre"))["Resource"] == "arn:aws:s3:::voice-memos/calls/1.wav"
    for title, mark in (("Terraform", "aws_iam_policy_document"), ("CDK", "PolicyStatement"), ("SAM", "Policies:"),
                        ("Serverless", "iamRoleStatements:"), ("IAM JSON", '"Version"')):
        here.page.get_by_role("radio", name=title).check()
        here.see("#policy", mark)
        assert "s3:GetObject" in here.text("#policy") and "s3:DeleteObject" not in here.text("#policy")
    here.settle()
    assert json.loads(here.text("#policy"))["Statement"][0]["Resource"] == ["arn:aws:s3:::voice-memos/calls/1.wav"]
    quiet(here)


def test_hostile_requests_are_text(screen):
    here = screen(lambda request: Response(403 if request.method == "DELETE" else 200,
                                           b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"))
    key = urllib.parse.quote(HOSTILE, safe="")
    ask(here, f"/s3/b/{key}")
    ask(here, f"/s3/b/{key}", "DELETE")
    here.open()
    assert here.page.locator("img, main script").count() == 0 and here.page.title() == "voice-memos – countersign"
    assert "<img src=x onerror=" in here.text("#policy") and "<img src=x onerror=" in here.text("#denied")
    quiet(here)


# --- copying

def test_copying_the_policy_in_each_format(screen):
    here = screen()
    here.faked.update(policies())
    here.open()
    for name, title in zip(FORMATS, ("IAM JSON", "Serverless", "SAM", "CDK", "Terraform")):
        here.page.get_by_role("radio", name=title).check()
        here.see("#policy", f"the policy in {name}")
        here.page.get_by_role("button", name="Copy the policy").click()
        here.see("#copy", "Copied")
        assert here.page.evaluate("navigator.clipboard.readText()") == here.faked[f"policy?format={name}"][1]
        here.page.clock.run_for(1500)
        assert here.text("#copy") == "Copy"
    quiet(here)


@pytest.mark.parametrize("clipboard", [True, False])
def test_copying_a_statement(screen, clipboard):
    """Without a clipboard, as at a container's name, too."""
    here = screen()
    if not clipboard:
        here.page.add_init_script("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
    here.faked["denied"] = denials(denial())
    here.open()
    button = here.page.get_by_role("button", name="Copy the statement that allows s3:GetObject on arn:aws:s3:::b/k")
    button.click()
    here.see("#denied button", "Copied")
    here.page.locator("#time").evaluate("""node => {
        const area = document.createElement("textarea"); area.id = "paste"; node.after(area); area.focus(); }""")
    here.page.keyboard.press("Control+V")
    assert json.loads(here.page.locator("#paste").input_value()) == denial()["statement"]
    quiet(here)


# --- keeping fresh

def test_it_refreshes_itself_and_can_be_paused(screen):
    here = screen()
    here.faked["denied"] = denials(denial())
    here.open()
    here.faked["denied"] = denials(denial("s3:PutObject"), denial(count=2))
    here.later()
    here.see("#denied", "s3:PutObject")
    here.see("#denied", "2 times")
    assert "s3:PutObject" in here.page.locator("#said").text_content()
    here.page.get_by_role("button", name="Pause").click()
    here.page.get_by_role("button", name="Refresh now").click()
    here.settle()
    seen = len(here.asked)
    here.faked["denied"] = denials(denial("s3:DeleteObject"))
    here.page.clock.run_for(60_000)
    here.settle()
    assert len(here.asked) == seen and "s3:DeleteObject" not in here.text("#denied")
    here.page.get_by_role("button", name="Refresh now").click()
    here.see("#denied", "s3:DeleteObject")
    here.page.get_by_role("button", name="Resume").click()
    here.faked["denied"] = denials()
    here.later()
    here.see("#denied-note", "Nothing was denied.")
    quiet(here)


def test_what_is_held_stays_held(screen):
    """A refresh that changes the list takes neither the focus nor the selected text away."""
    here = screen()
    here.faked["denied"] = denials(denial("s3:A"), denial("s3:B"))
    here.open()
    here.page.get_by_role("button", name="Copy the statement that allows s3:B").focus()
    here.faked["denied"] = denials(denial("s3:C"), denial("s3:B", count=2), denial("s3:A"))
    here.later()
    here.see("#denied", "s3:C")
    assert "s3:B" in here.page.evaluate("document.activeElement.getAttribute('aria-label')")
    assert re.findall(r"(s3:\w) on", here.text("#denied")) == ["s3:C", "s3:B", "s3:A"]
    quiet(here)


def test_a_program_that_is_gone(screen):
    here = screen()
    here.open()
    here.page.context.set_offline(True)
    here.later()
    here.see("#news", "does not answer")
    here.page.context.set_offline(False)
    here.later()
    here.page.locator("#news").wait_for(state="hidden")


# --- a keyboard

def test_all_of_it_by_keyboard(screen):
    """Each control is reached by Tab, shows that it is, and has a name; arrows choose among the formats."""
    here = screen()
    here.faked.update(policies(), denied=denials(denial()))
    here.open()
    names = []
    for _ in range(11):
        here.page.keyboard.press("Tab")
        name, outline = here.page.evaluate("""() => {
            const held = document.activeElement, shown = held.type === "radio" ? held.nextSibling : held;
            return [held.getAttribute("aria-label") || held.value || held.id || held.textContent,
                    getComputedStyle(shown).outlineStyle]; }""")
        assert outline == "solid", name
        names.append(name)
    assert names == ["refresh", "pause", "verify", "Copy the statement that allows s3:GetObject on arn:aws:s3:::b/k", "iam",
                     "Copy the policy", "policy", "identity", "metrics", "denied", "policy"]
    for key, name in (("ArrowRight", "serverless"), ("ArrowRight", "sam"), ("ArrowLeft", "serverless")):
        here.page.locator("input:checked").focus()
        here.page.keyboard.press(key)
        here.see("#policy", f"the policy in {name}")
    here.page.keyboard.press("Tab")
    here.page.keyboard.press("Enter")
    here.see("#copy", "Copied")
    here.page.locator("#pause").focus()
    here.page.keyboard.press("Space")
    here.see("#pause", "Resume")
    quiet(here)


def test_it_can_be_read_aloud(screen):
    here = screen()
    here.faked.update(policies(), denied=denials(denial()))
    here.open()
    heads = here.page.locator("h1, h2, h3").evaluate_all("heads => heads.map(head => head.tagName)")
    assert heads == ["H1", "H2", "H2", "H2", "H3", "H2"]
    for region in ("Who the function is", "Requests", "Denied"):
        assert here.page.get_by_role("region", name=region, exact=True).count() == 1
    assert here.page.get_by_role("table", name="Requests by status").count() == 1
    assert here.page.get_by_role("group", name="Format of the policy").get_by_role("radio").count() == 5
    assert here.page.locator("html").get_attribute("lang") == "en"
    quiet(here)


# --- what comes from elsewhere

def test_hostile_values_are_text(screen):
    here = screen(AWS_LAMBDA_FUNCTION_NAME="voice-memos")
    here.faked.update(
        denied=denials(denial(HOSTILE, HOSTILE, why=HOSTILE, advice=HOSTILE, who=HOSTILE, policy=HOSTILE, last=HOSTILE),
                       denial("s3:GetObject", REORDERED)),
        policy=(200, HOSTILE),
        metrics=(200, f"countersign_errors_total{{code=\"{HOSTILE.replace(chr(34), chr(92) + chr(34))}\"}} 1\n"),
        identity=(200, json.dumps({"kind": HOSTILE, "function": HOSTILE, "role": HOSTILE, "warnings": [
            {"code": HOSTILE, "message": HOSTILE}]})))
    here.open()
    assert here.page.locator("img, main script, iframe, object, embed, svg").count() == 0
    assert here.page.title() == HOSTILE + " – countersign"
    assert here.text("#policy") == HOSTILE
    for place in ("#who", "#warnings", "#denied", "#errors"):
        assert HOSTILE.replace('"', "") in here.text(place).replace('\\"', "").replace('"', ""), place
    assert "arn:aws:s3:::b/\\u202egnp.exe\\u200b\\u0007" in here.text("#denied")
    quiet(here)


def test_a_script_that_got_in_would_not_run(screen):
    """Its own policy is the second wall: neither markup that runs nor a script that is not the page's."""
    here = screen()
    here.open()
    for attempt in ("document.body.innerHTML = '<img src=x>'", "document.body.append(Object.assign("
                    "document.createElement('script'), {textContent: 'document.title = 1'}))", "eval('1')",
                    "location.assign('javascript:document.title=1')"):
        here.page.evaluate(f"() => {{ try {{ {attempt} }} catch {{ }} }}")
    ran = here.page.evaluate("""async () => {
        try { await fetch("http://127.0.0.1:9/"); return "fetched"; } catch { return "refused"; } }""")
    assert here.page.title() == "voice-memos – countersign" and ran == "refused"
    assert here.page.locator("img").count() == 0
    assert [line for line in here.said if "Content Security Policy" in line]


def test_nothing_secret_and_nobody_else(screen):
    here = screen()
    here.open()
    here.later()
    everything = here.page.content() + "".join(here.said)
    assert not [secret for secret in SECRETS if secret in everything]
    assert {url.partition("/-/")[0] for url in here.asked if not url.startswith("data:")} == {here.proxy.url}
    assert not here.upstream.connections
    assert here.page.evaluate("Object.keys(localStorage).length + Object.keys(sessionStorage).length") == 0
    assert here.page.context.cookies() == []


# --- the token

def test_the_prompt_takes_the_token_once(screen):
    """What the browser was told for the page it shows for all that the page asks for."""
    here = screen()
    here.open()
    here.page.get_by_role("button", name="Refresh now").click()
    here.settle()
    assert 'countersign_errors_total{code="TokenRequired"} 1\n' in ask(here, "/-/metrics")


@pytest.mark.parametrize("password", [None, "wrong"])
def test_without_the_token(screen, password):
    here = screen(password=password)
    try:
        assert here.page.goto(here.proxy.url + "/-/").status == 401
    except Exception as error:      # Chromium itself may end a load whose password was refused
        assert "ERR_INVALID_AUTH_CREDENTIALS" in str(error)
    assert {url.partition("/-/")[2] for url in here.asked} == {""}


def test_a_token_in_the_address(screen):
    here = screen(password=None)
    here.page.goto(here.proxy.url.replace("//", f"//x:{TOKEN.replace('/', '%2F')}@") + "/-/")
    here.see("#time", "Updated")
    here.see("#who", "029608264753")
    quiet(here)


def test_a_token_that_is_no_longer_the_right_one(screen):
    here = screen()
    here.open()
    here.faked["identity"] = 401, "{}"
    here.later()
    here.see("#news", "Load the page again")
    here.see("#pause", "Resume")


def test_other_sites_can_neither_frame_nor_ask(screen):
    """A browser that holds the token does not lend it to another page."""
    here, other = screen(), screen()
    here.open()
    other.proxy.port, port = here.proxy.port, other.proxy.port
    stranger = here.page.context.new_page()
    stranger.route("**/stranger", lambda route: route.fulfill(content_type="text/html", body="<iframe></iframe>"))
    stranger.goto(f"http://127.0.0.1:{port}/stranger")
    read = stranger.evaluate("""async (url) => {
        try { return await (await fetch(url, {credentials: "include"})).text(); } catch { return "refused"; } }""",
                             here.proxy.url + "/-/identity")
    assert read == "refused"
    stranger.locator("iframe").evaluate("(frame, url) => { frame.src = url; }", here.proxy.url + "/-/")
    stranger.wait_for_timeout(1000)
    assert not [frame for frame in stranger.frames if "Who the function is" in frame.content()]


# --- both schemes, small screens

@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
def test_it_fits(screen, scheme, width):
    here = screen(context={"color_scheme": scheme, "viewport": {"width": width, "height": 800}})
    here.faked.update(policies(), denied=denials(denial("s3:GetObject", "arn:aws:s3:::b/" + "k" * 300)))
    here.open()
    assert here.page.evaluate("document.documentElement.scrollWidth") <= width
    assert here.page.locator("#where").bounding_box()["height"] < 40
    red, green, blue = map(int, re.findall(r"\d+", here.page.evaluate("getComputedStyle(document.body).backgroundColor"))[:3])
    assert (red + green + blue > 600) == (scheme == "light")
