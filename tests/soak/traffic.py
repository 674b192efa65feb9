"""What the clients of the soak do. Each kind is a method: it does its work through the program, and checks all of it.

Raises Wrong where something is not what it has to be, whatever happened meanwhile; Unanswered, or what a broken
connection raises, where it failed cleanly: which may be only while the soak itself breaks connections.
"""

import hashlib
import json

import client as transcribe_client
from harness.chunks import Upload
from harness.client import Client, Cut
from harness.proxy import TOKEN
from talk import spoken

CHUNKED = ("Transfer-Encoding", "chunked")
JSON = [("Content-Type", "application/x-amz-json-1.0")]
PAGES = ("health", "identity", "metrics", "policy", "denied", "", "presign?url=/s3/bucket/key", "policy?format=serverless")
LARGEST = 12 << 20
SECOND = 32_000     # bytes of 16 kHz, 16 bits


class Wrong(Exception):
    """Not what it has to be."""


class Unanswered(Exception):
    """An error was answered where success was due."""


def chunks(data, size):
    for at in range(0, len(data), size):
        piece = data[at:at + size]
        yield b"%x\r\n%b\r\n" % (len(piece), piece)
    yield b"0\r\n\r\n"


class Traffic:
    """One client, with objects of its own; random is its own too. bytes counts what it has checked."""

    def __init__(self, number, proxy, store, random, transcribes):
        self.number, self.proxy, self.store, self.random = number, proxy, store, random
        self.turn = self.bytes = 0
        self.half = []      # keys of uploads that were left: there must never be such an object
        self.kinds = [self.whole] * 6 + [self.unknown_length] * 2 + [self.many_small] * 3 + [self.held] * 2
        self.kinds += [self.ranges, self.pages, self.leave_upload, self.leave_download, self.busy, self.reset, self.short,
                       self.early]
        if transcribes:     # which need to know the keys that sign
            self.kinds += [self.signed_chunks, self.audio, self.socket]

    def next(self):
        """The kind of the next turn."""
        self.turn += 1
        return self.random.choice(self.kinds)

    def client(self):
        return Client(self.proxy.port, timeout=60)

    def content(self, least=0):
        """Short ones as often as long ones, by their logarithm."""
        length = int(2 ** self.random.uniform(0, 23.6)) - 1
        return self.random.randbytes(min(LARGEST, max(least, length)))

    def path(self, name="object"):
        return f"/bucket/{self.number}/{name}"

    def fault(self, kind):
        return "X-Soak-Fault", f"{kind} {self.number}-{self.turn}"

    def ask(self, client, method, path, headers=(), body=None, **how):
        answer = client.ask(method, f"/s3{path}", headers, body, **how)
        if answer.status not in (200, 204, 206):
            raise Unanswered(f"{method}: {answer.status} {answer.error} {answer.text[:200]}")
        return answer

    def kept(self, path, content):
        """The server has exactly that."""
        if self.store.stored.get(path) != content:
            raise Wrong(f"the server has another {path} than the {len(content)} bytes that were sent")
        self.bytes += len(content)

    def fetched(self, client, path, content):
        answer = self.ask(client, "GET", path)
        if hashlib.sha256(answer.body).digest() != hashlib.sha256(content).digest():
            raise Wrong(f"{path} came back as other {len(answer.body)} bytes than the {len(content)}")
        self.bytes += len(content)

    # --- the kinds

    def whole(self):
        path, content = self.path(), self.content()
        with self.client() as client:
            self.ask(client, "PUT", path, [], content)
            self.kept(path, content)
            self.fetched(client, path, content)

    def unknown_length(self):
        path, content = self.path("chunked"), self.content()
        with self.client() as client:
            self.ask(client, "PUT", path, [CHUNKED], chunks(content, self.random.choice((1000, 8192, 65_537)) + 4096))
            self.kept(path, content)
            self.fetched(client, path, content)

    def signed_chunks(self):
        path, content = self.path("signed"), self.content()
        upload = Upload(f"http://localhost:{self.proxy.port}/s3{path}", content, size=self.random.choice((8192, 65_536)))
        with self.client() as client:
            self.ask(client, "PUT", path, upload.headers, upload.body, token=False)
            self.kept(path, content)

    def many_small(self):
        path, content = self.path("small"), self.random.randbytes(1000)
        with self.client() as client:
            self.ask(client, "PUT", path, [], content)
            for _ in range(30):
                self.fetched(client, path, content)

    def ranges(self):
        path, content = self.path("ranged"), self.content(least=100)
        first = self.random.randrange(len(content))
        with self.client() as client:
            self.ask(client, "PUT", path, [], content)
            answer = self.ask(client, "GET", path, [("Range", f"bytes={first}-{first + 9999}")])
            if answer.body != content[first:first + 10_000]:
                raise Wrong(f"another range of {path}")

    def held(self):
        body = json.dumps({"TableName": "memos", "Pad": "x" * self.random.randrange(100_000)}).encode()
        with self.client() as client:
            answer = client.ask("POST", "/dynamodb/", [*JSON, ("X-Amz-Target", "DynamoDB_20120810.GetItem")], body)
            if answer.status != 200:
                raise Unanswered(f"POST: {answer.status} {answer.error}")
            if answer.body != body:
                raise Wrong("another answer to a POST")

    def pages(self):
        with self.client() as client:
            for page in PAGES:
                answer = client.ask("GET", f"/-/{page}")
                if answer.status != 200:
                    raise Unanswered(f"/-/{page}: {answer.status} {answer.error}")

    def leave_upload(self):
        content = self.content(least=10_000)
        self.half.append(self.path(f"left-{self.turn}"))
        with self.client() as client:
            client.send_request("PUT", f"/s3{self.half[-1]}", [("Content-Length", len(content))], [content[:len(content) // 2]])
            if self.random.random() < 0.5:
                client.reset()

    def leave_download(self):
        path, content = self.path("long"), self.content(least=1 << 20)
        with self.client() as client:
            self.ask(client, "PUT", path, [], content)
            client.send_request("GET", f"/s3{path}")
            next(client.pieces(client.answer_head()))

    def busy(self):
        """The program asks again, for it may: the client sees nothing of it."""
        path, content = self.path("busy"), self.random.randbytes(500)
        with self.client() as client:
            self.ask(client, "PUT", path, [self.fault("busy")], content)
            self.kept(path, content)

    def reset(self):
        with self.client() as client:
            answer = client.ask("GET", f"/s3{self.path()}", [self.fault("reset")])
        if answer.status not in (502, 504):
            raise Wrong(f"a request that was never answered: {answer.status}")

    def short(self):
        """Half an object is never taken for a whole one."""
        path, content = self.path("short"), self.content(least=10_000)
        with self.client() as client:
            self.ask(client, "PUT", path, [], content)
            try:
                answer = client.ask("GET", f"/s3{path}", [self.fault("short")])
            except Cut:
                return
        if answer.status == 200:
            raise Wrong("half an object came as a whole one")

    def early(self):
        path = self.path(f"denied-{self.turn}")
        self.half.append(path)
        with self.client() as client:
            try:
                answer = client.ask("PUT", f"/s3{path}", [self.fault("early")], self.content(least=100_000))
            except (OSError, Cut):
                return      # the answer is lost where it was reset while the client was sending
        if answer.status == 200:
            raise Wrong("a refused upload was called a success")

    def recording(self):
        return self.random.randbytes(2 * self.random.randrange(SECOND // 2, 4 * SECOND))

    def audio(self):
        audio = self.recording()
        with self.client() as client:
            client.send_request("POST", "/-/transcribe?language-code=en-US&sample-rate=16000", [CHUNKED],
                                chunks(audio, 7000))
            answer = client.answer("POST")
        if answer.status != 200:
            raise Unanswered(f"/-/transcribe: {answer.status} {answer.error}")
        results = [json.loads(line) for line in answer.body.splitlines()][:-1]
        if [each["text"] for each in results if not each["partial"]] != spoken(audio):
            raise Wrong(f"other words were heard in {len(audio)} bytes: {answer.body[-300:]}")
        self.bytes += len(audio)

    def socket(self):
        audio = self.recording()
        try:
            heard = transcribe_client.transcribe(f"http://localhost:{self.proxy.port}/transcribestreaming", audio,
                                                 presign=False, timeout=60, headers=[("X-Countersign-Token", TOKEN)])
        except transcribe_client.Refused as refusal:
            raise Unanswered(f"WebSocket: {refusal.status}") from refusal
        if heard.finals != spoken(audio):
            raise Wrong(f"other words by WebSocket: {heard.finals}")
        self.bytes += len(audio)

    def never_stored(self):
        """Those of the uploads that were left of which there is an object after all."""
        return [path for path in self.half if path in self.store.stored]
