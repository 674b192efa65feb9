"""What the random requests rely on: versitygw does refuse what is wrong."""

import pytest
from draws import Draw
from ways import Directly

MARK = ("x-amz-meta-mark", "1")


class Wrong(Directly):
    """Asks as draw says, but for one fault, put into what would have been sent."""

    fault = None

    def request(self, draw):
        method, target, headers, body, expect = super().request(draw)
        headers, body = self.fault(headers, b"".join(body))
        return method, target, headers, [body], expect


def changed(headers, name, old, new):
    return [(each, value.replace(old, new) if each.lower() == name else value) for each, value in headers]


FAULTS = {
    "none": ("plain", lambda headers, body: (headers, body), 200),
    "signature": ("plain", lambda headers, body: (changed(headers, "authorization", "Signature=", "Signature=0"), body), 403),
    "key": ("plain", lambda headers, body: (changed(headers, "authorization", "ASIA", "AKIA"), body), 404),
    "date": ("plain", lambda headers, body: (changed(headers, "x-amz-date", "T", "T0"), body), 403),
    "body": ("hashed", lambda headers, body: (headers, body[::-1]), 400),
    "metadata": ("plain", lambda headers, body: (headers + [("x-amz-meta-more", "1")], body), 403),
    "metadata-changed": ("plain", lambda headers, body: (changed(headers, MARK[0], "1", "2"), body), 403),
    "chunk": ("chunks", lambda headers, body: (headers, body.replace(b"content", b"CONTENT")), 403),
    "trailer": ("trailer", lambda headers, body: (headers, body.replace(b"content", b"CONTENT")), 400),
}


@pytest.mark.parametrize("name", FAULTS)
def test_the_server_refuses(gateway, name):
    framing, fault, status = FAULTS[name]
    (gateway.root / "strict").mkdir(exist_ok=True)
    way = Wrong("strict", gateway.port, gateway.bundle)
    way.fault = staticmethod(fault)
    draw = Draw("PUT", f"fault {name}".encode(), headers=[MARK], content=b"some content", framing=framing,
                trailer="crc32" if framing == "trailer" else "", cuts=(9000,))
    assert way.ask(draw).status == status
    assert bool(gateway.store.find("strict", draw.key)) == (status == 200)
