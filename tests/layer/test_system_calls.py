"""What the program asks of the kernel, seen by strace: no file before it has registered, nothing newer than Linux 4.14."""

import re

import pytest

import machine
from emulator import EmulatedLambda
from harness.authority import Authority
from harness.proxy import LISTENING, ROLE
from harness.upstream import Objects, Upstream
from job import do_main_job

# strace writes the number of each call: [  59] execve("/opt/extensions/countersign", ...
CALL = re.compile(r"^\d+ +\[ *(\d+)\] (\w+)\((.*)$", re.MULTILINE)
# The last that Linux 4.14 knows on x86-64 is statx; all later ones have greater numbers.
LAST_OF_4_14 = 332
# libuv keeps a descriptor of it for the day when there are none left.
NULL = "/dev/null"
BUNDLES = re.compile(r"/etc/(pki|ssl)/")


class Traced(EmulatedLambda):
    """Starts its extension under strace, which writes what it sees to a file."""

    def __init__(self, folder, log, **options):
        super().__init__(folder, **options)
        self.log = log

    def _launch(self, role, who, argv, variables, cwd):
        command = [machine.tool("strace"), "--follow-forks", "--syscall-number", "--signal=none",
                   "--string-limit=200", f"--output={self.log}"]
        return super()._launch(role, who, [*command, *argv], variables, cwd)


@pytest.fixture(scope="module")
def traces(tmp_path_factory, unpacked):
    """Two lives of the native file, as [(number, name, arguments)]: with a bundle that is named, and without."""
    folder = tmp_path_factory.mktemp("traces")
    authority = Authority(folder / "authority")
    environment = {**ROLE, "COUNTERSIGN_LISTEN": "localhost:0"}
    seen = {}
    with Upstream(authority, Objects()) as upstream:
        environment["COUNTERSIGN_ENDPOINT"] = upstream.url
        named = {**environment, "COUNTERSIGN_CA_BUNDLE": authority.bundle}
        for name, variables, work in (("named", named, lambda port: do_main_job(port, upstream, 100_000)),
                                      ("own", environment, lambda port: None)):
            with Traced(unpacked(machine.NATIVE), folder / name, environment=variables) as lam:
                lam.start()
                work(int(lam.extension().wait_for(LISTENING.search)[1]))
                assert lam.shutdown() == {"countersign": 0}
            seen[name] = [(int(number), call, rest) for number, call, rest in CALL.findall((folder / name).read_text())]
    return seen, str(authority.bundle)


def opened(calls):
    return [re.search(r'"(.*?)"', rest)[1] for _, call, rest in calls if call in ("open", "openat")]


def before_registering(calls):
    end = next(at for at, (_, _, rest) in enumerate(calls) if "/extension/register" in rest)
    return calls[:end]


def test_no_file_is_opened_before_registering(traces):
    seen, _ = traces
    assert set(opened(before_registering(seen["own"]))) <= {NULL}


def test_only_the_bundle_that_is_named_is_opened_before_registering(traces):
    seen, bundle = traces
    assert set(opened(before_registering(seen["named"]))) <= {NULL, bundle}


def test_nothing_is_written_to_any_file(traces):
    """So a filesystem that cannot be written, and a user without a home, are nothing to it."""
    seen, _ = traces
    changes = re.compile("creat|mkdir|mknod|(sym)?link|unlink|rmdir|rename|truncate|chmod|chown|utime")
    for calls in seen.values():
        assert {call for _, call, _ in calls if changes.match(call)} == set()
        writes = [rest for _, call, rest in calls if call in ("open", "openat") and
                  re.search("O_(WRONLY|RDWR|CREAT|TRUNC|APPEND)", rest) and f'"{NULL}"' not in rest]
        assert writes == []


def test_nothing_is_said_or_asked_on_the_network_before_registering(traces):
    seen, _ = traces
    connects = [rest for _, call, rest in before_registering(seen["own"]) if call == "connect"]
    assert len(connects) == 1 and "127.0.0.1" in connects[0]


def test_the_systems_bundle_is_not_opened_where_another_settles_it(traces):
    seen, _ = traces
    for calls in seen.values():
        assert [path for path in opened(calls) if BUNDLES.search(path)] == []


def test_every_call_is_known_to_linux_4_14(traces):
    seen, _ = traces
    assert len(seen["named"]) > 200
    newer = {call for calls in seen.values() for number, call, _ in calls if number > LAST_OF_4_14}
    assert newer == set()


def test_it_starts_no_other_program(traces):
    seen, _ = traces
    for calls in seen.values():
        assert [call for _, call, _ in calls if call.startswith("exec")] == ["execve"]
