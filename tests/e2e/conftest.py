"""What every end-to-end test starts from: the program and, behind it, a server that checks signatures."""

import contextlib

import pytest

from harness import names
from harness.client import Client
from harness.issuer import WEB_TOKEN, Issuer
from harness.proxy import SANITIZERS, Proxy
from harness.upstream import Upstream


class Stage:
    """The program and its upstream, as one test wants them.

    The upstream's refusals fail the test at its end unless expect_refusals is set.
    """

    def __init__(self, proxy, upstream):
        self.proxy, self.upstream = proxy, upstream
        self.expect_refusals = False

    @property
    def port(self):
        return self.proxy.port

    @property
    def last(self):
        """The last request that reached the upstream."""
        return self.upstream.last

    def client(self, **how):
        return Client(self.port, **how)

    def ask(self, method, target, headers=(), body=None, **how):
        """One request on a connection of its own, and its whole answer."""
        with self.client() as client:
            return client.ask(method, target, headers, body, **how)

    def finish(self, failed=False):
        self.upstream.close()
        status = self.proxy.stop()
        print(self.proxy.text())
        if not failed:
            assert status == 0
            assert self.expect_refusals or not self.upstream.refused, self.upstream.refused


def settings(upstream, bundle, env):
    """The program's environment in front of that upstream; a name whose value is None is removed."""
    base = {"COUNTERSIGN_ENDPOINT": upstream.url, "COUNTERSIGN_CA_BUNDLE": bundle,
            "COUNTERSIGN_LOG_LEVEL": "DEBUG"}
    return {**base, **env}


@contextlib.contextmanager
def stages(authority):
    """A function that starts stages, and the end of all that it started."""
    started = []

    def start(handler=None, *, tls=True, upstream=None, binary=None, **env):
        upstream = upstream or Upstream(authority if tls else None, handler)
        try:
            proxy = Proxy(settings(upstream, authority.bundle, env), binary=binary)
        except BaseException:
            upstream.close()
            raise
        started.append(Stage(proxy, upstream))
        return started[-1]

    try:
        yield start
    finally:
        problems = []
        for stage in started:
            try:
                stage.finish()
            except AssertionError as problem:
                problems.append(problem)
        if problems:
            raise problems[0]


@pytest.fixture
def stage(authority):
    """stage(handler, COUNTERSIGN_X=...) starts the program and its upstream for one test."""
    with stages(authority) as start:
        yield start


@pytest.fixture(scope="module")
def module_stage(authority):
    """The same for a whole module."""
    with stages(authority) as start:
        yield start


@pytest.fixture(scope="module")
def shared(module_stage):
    """One program and one upstream for the tables of a module."""
    return module_stage()


@pytest.fixture
def run(authority):
    """run(env, args) starts the program alone; all end with the test."""
    started = []

    def start(env=None, **how):
        started.append(Proxy({"COUNTERSIGN_CA_BUNDLE": authority.bundle, **(env or {})}, **how))
        return started[-1]

    yield start
    for proxy in started:
        proxy.stop()
        print(proxy.text())


@pytest.fixture(scope="session")
def library(tmp_path_factory):
    return names.build(tmp_path_factory.mktemp("names"))


@pytest.fixture
def named(library):
    """named({host: addresses}, port) is the environment in which the program resolves these names only."""
    return lambda hosts, port=None: names.environment(library, hosts, port, SANITIZERS["ASAN_OPTIONS"])


AWS_NAMES = [
    "s3.amazonaws.com", "*.amazonaws.com", "*.us-east-1.amazonaws.com", "*.eu-west-1.amazonaws.com",
    "*.dualstack.us-east-1.amazonaws.com", "*.us-east-1.api.aws", "*.cn-north-1.amazonaws.com.cn",
    "*.s3.us-east-1.amazonaws.com", "*.s3-accesspoint.eu-west-1.amazonaws.com",
    "*.s3-control.us-east-1.amazonaws.com", "*.mrap.accesspoint.s3-global.amazonaws.com",
    "*.op-01234567890123456.s3-outposts.us-east-1.amazonaws.com",
    "*.s3express-usw2-az1.us-west-2.amazonaws.com", "*.us-west-2.amazonaws.com"]


@pytest.fixture
def as_aws(authority, named):
    """as_aws(handler) starts the program without any endpoint; AWS's names lead to an upstream here.

    around may lay more about the environment with those names, as clocked does.
    """
    started = []

    def start(handler=None, *, around=lambda env: env, **env):
        upstream = Upstream(authority, handler, host=AWS_NAMES[0], names=AWS_NAMES)
        where = named({f"*.{suffix}": "127.0.0.1"
                       for suffix in ("amazonaws.com", "api.aws", "amazonaws.com.cn")}, upstream.port)
        proxy = Proxy({"COUNTERSIGN_CA_BUNDLE": authority.bundle, **around(where), **env})
        started.append((proxy, upstream))
        return proxy, upstream

    yield start
    for proxy, upstream in started:
        upstream.close()
        status = proxy.stop()
        print(proxy.text())
        assert status == 0 and not upstream.refused, upstream.refused


@pytest.fixture
def issuer(wall):
    """A server that gives keys; what it found wrong in the program's requests fails the test at its end."""
    server = Issuer(clock=wall)
    yield server
    server.close()
    assert not server.wrong, server.wrong


@pytest.fixture
def web_token(tmp_path):
    file = tmp_path / "web-token"
    file.write_text(WEB_TOKEN)
    return file


@pytest.fixture
def sources(issuer, web_token):
    """Each source's environment, by its name."""
    return {"container": issuer.container(), "web identity": issuer.web_identity(web_token),
            "instance": issuer.instance(), "further role": issuer.further_role(),
            "container and further role": {**issuer.container(), **issuer.further_role()}}


@pytest.fixture
def sourced(stage, authority, issuer, sources, clocked, wall):
    """sourced(source, handler, **env) is a stage whose program fetches its keys from the issuer."""
    def start(source, handler=None, **env):
        upstream = Upstream(authority, handler, role=issuer.roles, clock=wall)
        return stage(upstream=upstream, **{"COUNTERSIGN_AUTH": "none", "COUNTERSIGN_LOG_LEVEL": "TRACE",
                                           **clocked(), **sources[source], **env})

    return start
