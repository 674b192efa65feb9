"""The strict servers, and a place in each for one client by one way."""

from dataclasses import dataclass, field

import boto3
from botocore.config import Config
from harness.gateway import PROOF
from harness.proxy import Proxy

ONCE = Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"})


@dataclass
class Target:
    """Where a client goes: endpoint is the server's or the proxy's; proxy is the latter's address, or ''.

    token is what shows the proxy that the caller may use it. environment has the keys as an SDK reads them.
    """

    endpoint: str
    proxy: str
    bucket: str
    prefix: str
    credentials: dict
    bundle: str
    token: str = ""
    keys: list = field(default_factory=list)

    @property
    def environment(self):
        return {**self.credentials, "AWS_DEFAULT_REGION": self.credentials["AWS_REGION"], "AWS_CA_BUNDLE": self.bundle,
                "NODE_EXTRA_CA_CERTS": self.bundle, "SSL_CERT_FILE": self.bundle, "AWS_EC2_METADATA_DISABLED": "true"}


class Server:
    """url, bucket, credentials and bundle of a server, and the program before it."""

    def __init__(self, name, server, bucket, keys, token, **environment):
        self.name, self.url, self.bucket, self.keys, self.token = name, server.url, bucket, keys, token
        self.credentials = {each: value for each, value in server.credentials.items() if each != "AWS_DEFAULT_REGION"}
        self.bundle = str(server.bundle)
        self.proxy = Proxy({"AWS_SESSION_TOKEN": None, **self.credentials, "COUNTERSIGN_ENDPOINT_S3": server.url,
                            "COUNTERSIGN_CA_BUNDLE": self.bundle, **environment})
        self.s3 = boto3.client(
            "s3", region_name=self.credentials["AWS_REGION"], endpoint_url=self.url, verify=self.bundle, config=ONCE,
            aws_access_key_id=self.credentials["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=self.credentials["AWS_SECRET_ACCESS_KEY"],
            aws_session_token=self.credentials.get("AWS_SESSION_TOKEN"))

    def directly(self, client):
        return Target(self.url, "", self.bucket, f"{client} directly/", self.credentials, self.bundle, keys=self.keys)

    def proxied(self, client):
        address = f"http://127.0.0.1:{self.proxy.port}"
        return Target(f"{address}/s3", address, self.bucket, f"{client} proxied/", self.credentials, self.bundle,
                      self.token, self.keys)

    def objects(self, target):
        """{key: (size, ETag, type, metadata)} of what is there, asked with no proxy and no client between."""
        found = {}
        for page in self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=target.prefix):
            for each in page.get("Contents", []):
                head = self.s3.head_object(Bucket=self.bucket, Key=each["Key"])
                found[each["Key"].removeprefix(target.prefix)] = (
                    head["ContentLength"], head["ETag"], head["ContentType"], sorted(head["Metadata"].items()))
        return found

    def close(self):
        assert self.proxy.stop() == 0, self.proxy.text()


def versitygw(gateway, keys):
    (gateway.root / "clients").mkdir(exist_ok=True)
    return Server("versitygw", gateway, "clients", keys, PROOF, AWS_CONTAINER_AUTHORIZATION_TOKEN=PROOF)


def moto(verifier, bucket, keys):
    return Server("moto", verifier, bucket, keys, verifier.credentials["AWS_SESSION_TOKEN"])
