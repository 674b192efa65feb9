"""AWS's SDKs, each as a function of an environment and a folder: it asks every service for what is there and returns what
it was told, {service: outcome}. An outcome that is an error begins with "error".
"""

import json
from concurrent.futures import ThreadPoolExecutor

from clients import JAVA, PYTHON_TOOLS, TOOLS, run

# In the order of their protocols: RPC v2 CBOR (or query), JSON, EC2, REST-JSON, REST-XML, query.
SERVICES = {
    "cloudwatch": "list-metrics", "dynamodb": "list-tables", "sqs": "list-queues", "ec2": "describe-key-pairs",
    "lambda": "list-functions", "route53": "list-hosted-zones", "s3": "list-buckets", "sns": "list-topics",
    "sts": "get-caller-identity",
}


def aws(environment, folder):
    # For SQS it goes by a name of old certificates, whatever the environment says.
    told = {"sqs": ["--endpoint-url", environment.get("AWS_ENDPOINT_URL_SQS") or environment["AWS_ENDPOINT_URL"]]}

    def ask(service):
        command = [PYTHON_TOOLS / "bin" / "aws", "s3api" if service == "s3" else service, SERVICES[service]]
        return run([*command, *told.get(service, ())], environment, folder).decode()

    with ThreadPoolExecutor(3) as pool:
        return dict(zip(SERVICES, pool.map(ask, SERVICES)))


def _program(*command):
    """One of ours around an SDK."""
    def ask(environment, folder):
        said = run(command, environment, folder).decode()
        assert not said.startswith("error"), said
        return {service: str(outcome) for service, _, outcome in map(json.loads, said.splitlines())}
    return ask


ALL = {
    "aws": aws,
    "javascript": _program(TOOLS / "js" / "bin" / "node", TOOLS / "js" / "services.mjs"),
    "go_sdk": _program(TOOLS / "bin" / "go-client", "services"),
    "java": _program(*JAVA, "Services"),
}
