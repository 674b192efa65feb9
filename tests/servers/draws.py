"""Requests to S3 drawn at random: what is asked, and how its bytes are spelled. No I/O.

A Draw says what both ways have in common (method, key, query, headers, content) and what only the way through the
proxy has: a spelling of path and query of its own, in which every byte may stand as it is or encoded.
"""

import base64
import hashlib
import random
import zlib
from dataclasses import dataclass, field
from xml.sax.saxutils import escape

UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
# What RFC 3986 lets stand in a path and in a query as it is.
IN_PATH = UNRESERVED | frozenset(b"!$&'()*+,;=:@")
IN_QUERY = (UNRESERVED | frozenset(b"!$'()*,;:@/?"))
# No NUL and no lone dots: the server's keys are names of files. Its listings are XML, which has no control bytes.
PIECES = ["a", "Z", "0", " ", "  ", "+", "%", "%20", "%2F", "%zz", "&", "=", "?", "#", "'", '"', "(", ")", "*", "!", "$",
          ",", ";", ":", "@", "[", "]", "{", "}", "|", "\\", "^", "`", "<", ">", "~", "-", "_", ".", "é", "é", "ß",
          "中文", "😀", "\u200b", "\u00a0", "İ", "ﬁ", "\x7f", "\t", "x-amz", "aws-chunked"]
FOLDERS = ["", "", "", "a b+c/", "é 中/%2F/", "d.d/..e/", "=&?/#/"]
METADATA = ["Note", "x", "CamelCase", "with-dash", "with_underscore", "0", "a.b"]
VALUES = ["", "plain", "two  spaces", "  around  ", "a,b", "a=b; c=\"d e\"", "%41%20", "~!@#$^&*()_+|", "x" * 300]
# (No tab in a value: the server signs it as a tab where the rule says a space.)
TYPES = ["text/plain", "text/plain; charset=utf-8", "audio/x-wav;  rate=8000", "application/octet-stream",
         "X/Y+z; q=\"a, b\""]
CHECKSUMS = {"crc32": lambda data: zlib.crc32(data).to_bytes(4, "big"),
             "sha1": lambda data: hashlib.sha1(data).digest(), "sha256": lambda data: hashlib.sha256(data).digest()}
UNSIGNED_TRAILER = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"


@dataclass
class Draw:
    """framing says how the content travels; trailer is a checksum's name, proof how the caller shows itself."""

    method: str
    key: bytes = b""
    query: list = field(default_factory=list)
    headers: list = field(default_factory=list)
    content: bytes = None
    framing: str = "none"
    trailer: str = ""
    proof: str = "token"
    spelling: tuple = ("", "")
    cuts: tuple = ()
    expect: bool = False

    @property
    def path(self):
        """The key and the query as SigV4 spells them."""
        return spell(self.key, UNRESERVED | {0x2F})

    @property
    def parameters(self):
        return "&".join(f"{spell(name.encode(), UNRESERVED)}={spell(value.encode(), UNRESERVED)}"
                        for name, value in self.query)


def spell(data, plain):
    return "".join(chr(byte) if byte in plain else f"%{byte:02X}" for byte in data)


def checksum(name, data):
    return base64.b64encode(CHECKSUMS[name](data)).decode()


class Dice:
    """Draws from one seed; keys come again, so that there is something to find."""

    def __init__(self, seed, keys=40):
        self.random = random.Random(seed)
        self.keys = sorted({self._key() for _ in range(keys)})
        self.kinds = {self._put: 36, self._get: 22, self._head: 9, self._delete: 7, self._copy: 9, self._list: 11,
                      self._tags: 4, self._delete_many: 2}

    def draw(self):
        kind = self.random.choices(list(self.kinds), list(self.kinds.values()))[0]
        draw = kind()
        self._frame(draw)
        self.random.shuffle(draw.headers)
        draw.headers = [(self._case(name), value) for name, value in draw.headers]
        draw.spelling = self._spelled(draw)
        return draw

    def _one(self, *choices):
        return self.random.choice(choices)

    def _chance(self, of):
        return self.random.random() < of

    def _key(self):
        name = "".join(self.random.choice(PIECES) for _ in range(self.random.randint(1, 6))).replace("/", "")
        if self._chance(0.05):
            name += "k" * (150 - len(name.encode()))
        if name.strip(".") == "" or name in ("a b+c", "é 中", "d.d", "=&?"):
            name += "-"
        return (self.random.choice(FOLDERS) + name).encode()

    def _content(self):
        size = self.random.choices([0, 1, 100, 5000, 70_000], [1, 1, 5, 4, 1])[0]
        return self.random.randbytes(self.random.randint(size // 2, size))

    def _case(self, name):
        """Header names in any case; those of metadata too, which S3 keeps in lower case."""
        if self._chance(0.6):
            return name
        return "".join(self.random.choice((each.lower(), each.upper())) for each in name)

    # --- What is asked

    def _put(self):
        draw = Draw("PUT", self.random.choice(self.keys), content=self._content())
        draw.headers += [(f"x-amz-meta-{name}", self._one(*VALUES))
                         for name in self.random.sample(METADATA, self.random.randint(0, 3))]
        choices = [("Content-Type", self._one(*TYPES)), ("Cache-Control", "no-cache,  max-age=0"),
                   ("Content-Disposition", "attachment; filename=\"a b.txt\""), ("Content-Language", "de, en"),
                   ("x-amz-storage-class", "STANDARD"), ("x-amz-tagging", "a%20b=%C3%A9%2B"),
                   ("Expires", "Thu, 01 Dec 2033 16:00:00 GMT"), ("X-Unknown", "kept  as is")]
        draw.headers += self.random.sample(choices, self.random.randint(0, 3))
        if self._chance(0.1):
            draw.headers.append(("Content-MD5", base64.b64encode(hashlib.md5(draw.content).digest()).decode()))
        if self._chance(0.05):
            draw.headers.append(("If-None-Match", "*"))
        return draw

    def _get(self):
        draw = Draw("GET", self.random.choice(self.keys))
        if self._chance(0.4):
            draw.headers.append(
                ("Range", self._one("bytes=0-0", "bytes=1-99", "bytes=-5", "bytes=50-", "bytes=9999999-")))
        elif self._chance(0.3):
            draw.headers.append((self._one("If-None-Match", "If-Match"), self._one('"' + "0" * 32 + '"', "*")))
        if self._chance(0.25):
            draw.query += self.random.sample(
                [("response-content-type", "text/x; a=\"b c\"&+%"), ("response-cache-control", "a+b/c~d*e'f"),
                 ("response-content-language", "é"), ("response-expires", "=")], self.random.randint(1, 3))
        return draw

    def _head(self):
        return Draw("HEAD", self.random.choice(self.keys), headers=[("Range", "bytes=1-3")] * self._chance(0.2))

    def _delete(self):
        return Draw("DELETE", self.random.choice(self.keys))

    def _copy(self):
        """BUCKET stands for the bucket of each way."""
        key, other = self.random.sample(self.keys, 2)
        source = spell(other, self._one(UNRESERVED | {0x2F}, IN_PATH - {0x2B} | {0x2F}))
        draw = Draw("PUT", key, headers=[("x-amz-copy-source", self._one("/", "") + f"BUCKET/{source}")])
        if self._chance(0.5):
            draw.headers += [("x-amz-metadata-directive", "REPLACE"), ("x-amz-meta-copied", self._one(*VALUES)),
                             ("Content-Type", self._one(*TYPES))]
        return draw

    def _list(self):
        if self._chance(0.15):
            return Draw("GET", query=[self._one(("location", ""), ("versioning", ""), ("acl", ""), ("uploads", ""))])
        start = self.random.choice(self.keys).decode()
        choices = [("prefix", start[:self.random.randint(0, len(start))]),
                   ("delimiter", self._one("/", " ", "%", "é")), ("max-keys", self._one("1", "3", "1000")), ("start-after", start), ("fetch-owner", "true")]
        return Draw("GET", query=[("list-type", "2"), ("encoding-type", "url"),
                                  *self.random.sample(choices, self.random.randint(0, 4))])

    def _tags(self):
        draw = Draw(self._one("GET", "PUT", "DELETE"), self.random.choice(self.keys), query=[("tagging", "")])
        if draw.method == "PUT":
            tag = f"<Tag><Key>a b</Key><Value>{self.random.random()}</Value></Tag>"
            draw.content = f"<Tagging><TagSet>{tag}</TagSet></Tagging>".encode()
        return draw

    def _delete_many(self):
        names = [key.decode() for key in self.random.sample(self.keys, 3) if not set(key) & set(b"\r\n\x01\x7f")]
        body = "".join(f"<Object><Key>{escape(name)}</Key></Object>" for name in names or ["nothing"])
        draw = Draw("POST", query=[("delete", "")], content=f"<Delete>{body}</Delete>".encode())
        draw.headers.append(("Content-MD5", base64.b64encode(hashlib.md5(draw.content).digest()).decode()))
        return draw

    # --- How it travels

    def _frame(self, draw):
        draw.proof = self.random.choices(["token", "basic", "signed", "presigned"], [5, 1, 3, 1])[0]
        if draw.content is None:
            return
        names = ["plain", "hashed", "http", "trailer", "chunks", "chunks-trailer", "trailer-http", "chunks-http"]
        weights = [5, 3, 3, 3, 3, 2, 2, 1] if draw.method == "PUT" and not draw.query else [3, 3, 1, 0, 0, 0, 0, 0]
        draw.framing = self.random.choices(names, weights)[0]
        if "trailer" in draw.framing:
            draw.trailer = self._one(*CHECKSUMS)
        if draw.framing.startswith("chunks"):
            draw.proof = "signed"
        elif draw.proof == "presigned" and draw.framing not in ("plain", "http"):
            draw.proof = "token"
        draw.expect = self._chance(0.1)
        draw.cuts = tuple(self.random.randint(1, 20_000) for _ in range(4))

    def _spelled(self, draw):
        """A signer of the caller's own spells as SigV4 does; without one all spellings are the same request."""
        if draw.proof in ("signed", "presigned"):
            return draw.path, draw.parameters
        query = list(draw.query)
        self.random.shuffle(query)
        parameters = "&".join(self._mixed(name, IN_QUERY) + ("=" if value or self._chance(0.5) else "") +
                              self._mixed(value, IN_QUERY) for name, value in query)
        return self._mixed(draw.key, IN_PATH | {0x2F}), parameters

    def _mixed(self, text, plain):
        """Each byte as it is where it may be, at times encoded all the same, in either case."""
        data = text.encode() if isinstance(text, str) else text
        often = self._one(0, 0, 0.1, 1)
        return "".join(chr(byte) if byte in plain and not (byte != 0x2F and self._chance(often))
                       else self._one("%{:02X}", "%{:02x}").format(byte) for byte in data)
