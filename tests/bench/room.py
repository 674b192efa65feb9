"""What the program takes of memory: at rest, with many clients, with many streams, and by the size of a body.

Judged is the static file of the layer, as Lambda starts it, where `make layer` has built it; else the dynamic build.
"""

import selectors
import socket
import time
from functools import cache
from statistics import median

import bodies
import load
import measure
import plots
import servers
from rows import Row
from stage import GIB, MIB, get_small

CLIENTS, STREAMS = 256, 64
MOST_MIB = 4, 12, 12    # at rest, with so many clients, with so many streams
REST_S = 0.2
KIB_TO_GIB = [1 << power for power in range(10, 31, 2)]


@cache
def subject(stage):
    """The kind of proxy that is judged here, and how its rows call it."""
    static = servers.static_file(stage.folder / "static")
    if stage.subject is servers.Yardstick or static is None:
        return stage.subject, stage.subject.name if static else "dynamic build: no build/layer"
    return type("Static", (servers.Subject,), {"binary": static}), "static file"


def room(stage):
    kind, name = subject(stage)
    idle = [_resting(stage, kind, lambda proxy: None) for _ in range(3)]
    clients = [_resting(stage, kind, _many_clients) for _ in range(3)]
    nginx = _resting(stage, servers.Yardstick, _many_clients)
    streams, nginx_streams = (_streaming(stage, each) for each in (kind, servers.Yardstick))
    size = f"{_stream_length(stage) // MIB} MiB" if stage.quick else "1 GiB"
    ours = median(idle), median(clients), streams
    return [Row(f"resident memory, {name}: idle; {CLIENTS} clients at rest; peak of {STREAMS} streams of {size}",
                f"{'; '.join(f'{value:.2f}' for value in ours)} MiB (nginx -; {nginx:.2f}; {nginx_streams:.2f})", "",
                f"{'; '.join(map(str, MOST_MIB))} MiB",
                verdict="met" if all(value <= most for value, most in zip(ours, MOST_MIB)) else "MISSED",
                raw={"idle": idle, "clients": clients, "streams": streams})]


def _resting(stage, kind, use):
    with stage.start(kind) as proxy:
        kept = use(proxy)
        time.sleep(REST_S)
        resident = measure.resident_kib(proxy.pid) / 1024
        for client in kept or ():
            client.close()
    return resident


def _many_clients(proxy):
    """Each has asked for something once, and stays."""
    clients = []
    for _ in range(CLIENTS):
        client = load.Asker(proxy.port, "/s3/bucket/small", proxy.headers)
        client.body_until(servers.SMALL, limit_s=5)
        clients.append(client)
    return clients


def _stream_length(stage):
    return 64 * MIB if stage.quick else GIB


def _streaming(stage, kind):
    """The most that was resident while all streams ran at once."""
    length = _stream_length(stage)
    name = stage.origin.sparse("stream", length)
    # The origin is one process with all the streams to serve, and takes seconds for the last handshake.
    with stage.start(kind, settings={"COUNTERSIGN_CONNECT_TIMEOUT_MS": 60_000}) as proxy:
        get_small(stage, proxy)
        measure.reset_peak(proxy.pid)
        before = stage.origin.sink.got
        came = run_streams(proxy, name, length)
        if came != STREAMS // 2 * length or stage.origin.sink.got - before != came:
            raise load.WrongAnswer(f"{came} bytes of the streams came from {proxy.name}, and "
                                   f"{stage.origin.sink.got - before} arrived")
        return measure.peak_kib(proxy.pid) / 1024


class Stream:
    """One GET or PUT that is under way; step() moves what can be moved, and says whether more is to come."""

    CONTENT = memoryview(bytes(1 << 18))
    ROOM = bytearray(1 << 18)

    def __init__(self, proxy, way, name, length):
        self.socket = socket.create_connection(("127.0.0.1", proxy.port))
        target = f"/s3/bucket/{name}" if way == "GET" else "/s3/bucket/put/stream"
        fields = {"Host": "localhost", "Connection": "close", **proxy.headers}
        if way == "PUT":
            fields["Content-Length"] = length
        lines = [f"{way} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items()), "", ""]
        self.socket.sendall("\r\n".join(lines).encode())
        self.socket.setblocking(False)
        self.left, self.head, self.body = (length if way == "PUT" else 0), b"", 0
        self.wants = selectors.EVENT_WRITE if self.left else selectors.EVENT_READ

    def step(self):
        try:
            if self.left:
                self.left -= self.socket.send(self.CONTENT[:self.left])
                return True
            count = self.socket.recv_into(self.ROOM)
        except BlockingIOError:
            return True
        if b"\r\n\r\n" in self.head:
            self.body += count
        else:
            self.head += self.ROOM[:count]
            self.body = len(self.head.partition(b"\r\n\r\n")[2])
        return count > 0


def run_streams(proxy, name, length):
    """All of them at once, to their end; the bytes of what was asked for."""
    came = 0
    with selectors.DefaultSelector() as selector:
        for number in range(STREAMS):
            stream = Stream(proxy, "PUT" if number % 2 else "GET", name, length)
            selector.register(stream.socket, stream.wants, stream)
        while selector.get_map():
            for key, _ in selector.select():
                stream = key.data
                if stream.step():
                    wants = selectors.EVENT_WRITE if stream.left else selectors.EVENT_READ
                    if wants != key.events:
                        selector.modify(stream.socket, wants, stream)
                    continue
                selector.unregister(stream.socket)
                stream.socket.close()
                if not stream.head.startswith(b"HTTP/1.1 200"):
                    raise load.WrongAnswer(f"a stream got {stream.head[:200]}")
                came += stream.body if key.events and stream.body >= length else 0
    return came


def sweep(stage):
    """The most that is resident in a GET and in a PUT, by the size of the body: the points of docs/memory.svg."""
    kind, name = subject(stage)
    sizes = [size for size in KIB_TO_GIB if size <= stage.large]
    lines = []
    for each, label in (kind, "countersign"), (servers.Yardstick, "nginx"):
        with stage.start(each) as proxy:
            get_small(stage, proxy)
            for way in ("GET", "PUT"):
                lines.append(plots.Line(f"{label}, {way}", [(size, _peak(stage, proxy, way, size)) for size in sizes]))
    stage.plots["memory"] = plots.memory(lines, name)
    return [Row(f"  resident memory by body, {_size(sizes[0])} to {_size(sizes[-1])}",
                "; ".join(f"{line.name} {line.points[0][1]:.2f} to {line.points[-1][1]:.2f} MiB" for line in lines),
                verdict="-", raw={line.name: line.points for line in lines})]


def _size(size):
    return plots.size_name(size)


def _peak(stage, proxy, way, size):
    name = stage.origin.sparse(f"size{size}", size)
    measure.reset_peak(proxy.pid)
    if way == "GET":
        load.download(f"{proxy.bucket}/{name}", proxy.headers, size)
    else:
        load.upload(f"{proxy.bucket}/put/{name}", proxy.headers, bodies.plain(stage.folder, size, None).file)
    return measure.peak_kib(proxy.pid) / 1024
