"""Real clients, each as a function of a target and a folder: it does all that it can there and returns the outcomes,
{(operation, key): outcome}. An outcome that is an error begins with "error".
"""

import hashlib
import io
import json
import os
import ssl
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote, urlsplit
from urllib.request import urlopen

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from harness.proxy import ROOT
from harness.signer import UnhashedS3

TOOLS = ROOT / "build" / "clients"
PYTHON_TOOLS = ROOT / "build" / "venv-clients"
JAVA = ["java", "-XX:TieredStopAtLevel=1", "-cp", f"{TOOLS / 'java'}:{TOOLS / 'java' / 'jars'}/*"]
METADATA = {"note": "a b, c", "mixedcase": "~!*'()"}
TYPE = "text/plain; charset=utf-8"
LARGE, PART = 9 * 1024 * 1024, 5 * 1024 * 1024
CONTENT = b"0123456789abcdef" * (LARGE // 16)
AWS_HOST = "s3.us-east-1.amazonaws.com"


def run(command, environment, folder, data=None, timeout=240):
    """What a command prints; an error with what it said where it fails."""
    done = subprocess.run([str(each) for each in command], cwd=folder, input=data, capture_output=True, timeout=timeout,
                          env={"PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8", **environment})
    if done.returncode:
        said = (done.stdout + done.stderr).decode(errors="replace")
        return f"error: status {done.returncode}: {said[-1500:]}".encode()
    return done.stdout


# --- Programs of ours around an SDK

def _program(command, target, folder, **changes):
    job = {"endpoint": target.endpoint, "proxy": "", "bucket": target.bucket, "prefix": target.prefix,
           "region": target.credentials["AWS_REGION"], "access": target.credentials["AWS_ACCESS_KEY_ID"],
           "secret": target.credentials["AWS_SECRET_ACCESS_KEY"], "keys": target.keys, "largeBytes": LARGE,
           "token": target.credentials.get("AWS_SESSION_TOKEN", ""), "partBytes": PART, **changes}
    (folder / "job.json").write_text(json.dumps(job), encoding="utf-8")
    said = run([*command, folder / "job.json"], target.environment, folder).decode()
    if said.startswith("error"):
        return {("run", None): said}
    lines = [json.loads(line) for line in said.splitlines()]
    return {(operation, target.keys[number] if number >= 0 else ""): outcome for operation, number, outcome in lines}


def go_sdk(target, folder):
    return _program([TOOLS / "bin" / "go-client", "sdk"], target, folder)


def minio_go(target, folder):
    """By the forward-proxy address, as its endpoint takes no path."""
    there = {"endpoint": f"http://{AWS_HOST}", "proxy": target.proxy} if target.proxy else {}
    return _program([TOOLS / "bin" / "go-client", "minio"], target, folder, **there)


def javascript(target, folder):
    return _program([TOOLS / "js" / "bin" / "node", TOOLS / "js" / "client.mjs"], target, folder)


def java(target, folder):
    """Trusts what its own kind of file names."""
    trusted = folder / "trusted.p12"
    run(["keytool", "-importcert", "-noprompt", "-alias", "tests", "-file", target.bundle, "-keystore", trusted,
         "-storepass", "changeit", "-storetype", "PKCS12"], {}, folder)
    return _program([*JAVA, f"-Djavax.net.ssl.trustStore={trusted}", "-Djavax.net.ssl.trustStorePassword=changeit",
                     "Client"], target, folder)


# --- Python

def _told(outcomes, operation, key, doing):
    try:
        outcomes[operation, key] = doing()
    except Exception as error:  # whatever it is, it is what the client told
        outcomes[operation, key] = f"error: {error!r}"


def boto(target, folder):
    """boto3 with its defaults."""
    # Its default for addresses is still SigV2, which S3 itself no longer takes in most regions.
    s3 = boto3.client("s3", config=Config(signature_version="s3v4"), endpoint_url=target.endpoint,
                      region_name=target.credentials["AWS_REGION"], verify=target.bundle,
                      aws_access_key_id=target.credentials["AWS_ACCESS_KEY_ID"],
                      aws_secret_access_key=target.credentials["AWS_SECRET_ACCESS_KEY"],
                      aws_session_token=target.credentials.get("AWS_SESSION_TOKEN"))
    outcomes, trust = {}, ssl.create_default_context(cafile=target.bundle)
    for key in target.keys:
        _boto_one(outcomes, s3, target, key, trust)
    there = {"Bucket": target.bucket, "Key": target.prefix + "large +é"}
    parts = TransferConfig(multipart_threshold=PART, multipart_chunksize=PART)
    _told(outcomes, "upload", "", lambda: s3.upload_fileobj(io.BytesIO(CONTENT), *there.values(), Config=parts))
    _told(outcomes, "get large", "", lambda: hashlib.sha256(s3.get_object(**there)["Body"].read()).hexdigest())
    pages = s3.get_paginator("list_objects_v2").paginate(
        Bucket=target.bucket, Prefix=target.prefix, PaginationConfig={"PageSize": 7})
    _told(outcomes, "list", "", lambda: [
        each["Key"].removeprefix(target.prefix) for page in pages for each in page["Contents"]])
    return outcomes


def _described(head):
    return head["ContentLength"], head["ContentType"], sorted(head["Metadata"].items())


def _boto_one(outcomes, s3, target, key, trust):
    there = {"Bucket": target.bucket, "Key": target.prefix + key}
    copy = {"Bucket": target.bucket, "Key": target.prefix + key + ".copy"}
    body = io.BufferedReader(io.BytesIO(f"content of {key}".encode()))
    _told(outcomes, "put", key, lambda: s3.put_object(**there, Body=body, ContentType=TYPE, Metadata=METADATA)["ETag"])
    _told(outcomes, "head", key, lambda: _described(s3.head_object(**there)))
    _told(outcomes, "get", key, lambda: s3.get_object(**there)["Body"].read())
    _told(outcomes, "range", key, lambda: s3.get_object(**there, Range="bytes=2-5")["Body"].read())
    _told(outcomes, "copy", key, lambda: s3.copy_object(**copy, CopySource=there)["CopyObjectResult"]["ETag"])
    _told(outcomes, "get copy", key, lambda: s3.get_object(**copy)["Body"].read())
    _told(outcomes, "delete", key, lambda: s3.delete_objects(
        Bucket=target.bucket, Delete={"Objects": [{"Key": copy["Key"]}]}).get("Errors"))
    _told(outcomes, "presigned", key, lambda: urlopen(
        s3.generate_presigned_url("get_object", there), context=trust).read())


# --- curl

def curl(target, folder):
    """Through the proxy with nothing but the token; directly with headers that botocore signed."""
    with ThreadPoolExecutor(4) as pool:
        outcomes = {}
        for found in pool.map(lambda key: _curl_one(target, key, folder), target.keys):
            outcomes.update(found)
    return outcomes


def _curl(target, folder, method, key, headers, *options, data=None):
    url = f"{target.endpoint}/{target.bucket}/{quote(target.prefix + key, safe='/~')}"
    headers = dict(headers)
    if target.proxy:
        headers["X-Countersign-Token"] = target.token
    else:
        request = AWSRequest(method=method, url=url, headers=headers)
        signer = Credentials(*(target.credentials.get(f"AWS_{name}") for name in
                               ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SESSION_TOKEN")))
        UnhashedS3(signer, "s3", target.credentials["AWS_REGION"]).add_auth(request)
        headers = dict(request.headers.items())
    named = [part for name, value in headers.items() for part in ("--header", f"{name}: {value}")]
    return run(["curl", "--silent", "--show-error", "--fail-with-body", "--path-as-is", "--globoff",
                "--cacert", target.bundle, *options, *named, url], {}, folder, data)


def _curl_one(target, key, folder):
    def ask(*arguments, **more):
        return _curl(target, folder, *arguments, **more)

    written = {"Content-Type": TYPE, **{f"x-amz-meta-{name}": value for name, value in METADATA.items()}}
    copied = {"x-amz-copy-source": quote(f"{target.bucket}/{target.prefix}{key}")}
    return {
        ("put", key): ask("PUT", key, written, "--request", "PUT", "--data-binary", "@-",
                          data=f"content of {key}".encode()),
        ("head", key): sorted(line for line in ask("HEAD", key, {}, "--head").decode().lower().splitlines()
                              if line.startswith(("etag", "content-type", "content-length", "x-amz-meta", "error"))),
        ("get", key): ask("GET", key, {}),
        ("range", key): ask("GET", key, {}, "--range", "2-5"),
        ("copy", key): ask("PUT", key + ".copy", copied, "--request", "PUT")[:5],
        ("get copy", key): ask("GET", key + ".copy", {}),
        ("delete", key): ask("DELETE", key + ".copy", {}, "--request", "DELETE"),
    }


# --- Tools that copy folders

def _files(target, folder):
    """A folder with a file for each key that can be one, and a large one."""
    source = folder / "source"
    for key in target.keys:
        if key == os.path.normpath(key) and not key.startswith("/"):
            (source / key).parent.mkdir(parents=True, exist_ok=True)
            (source / key).write_text(f"content of {key}", encoding="utf-8")
    (source / "large +é").write_bytes(CONTENT)
    for path in source.rglob("*"):
        os.utime(path, (1_700_000_000, 1_700_000_000))
    return source


def _tree(folder):
    """{path: hash of the content}"""
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(folder.rglob("*")) if path.is_file()}


def _back(said, source, copy):
    """Whether all came back; what is missing or other where not."""
    if said.startswith(b"error"):
        return said
    first, second = _tree(source), _tree(copy)
    return "all" if first == second else f"error: {sorted(first.items() ^ second.items())}"


def aws(target, folder):
    """The AWS CLI: sync both ways, cp of a stream, of one object and between keys, presign, rm."""
    source, copy = _files(target, folder), folder / "copy"
    there = f"s3://{target.bucket}/{target.prefix}"

    # The default of presign is still SigV2.
    settings = folder / "aws.ini"
    settings.write_text("[default]\ns3 =\n  signature_version = s3v4\n", encoding="utf-8")
    environment = {**target.environment, "AWS_CONFIG_FILE": str(settings)}

    def do(*arguments, data=None):
        command = [PYTHON_TOOLS / "bin" / "aws", "--endpoint-url", target.endpoint, *arguments]
        return run(command, environment, folder, data)

    def lines(*arguments):
        return do(*arguments).decode().replace(there, "").replace(target.prefix, "").splitlines()

    outcomes = {("sync", ""): sorted(lines("s3", "sync", source, there, "--no-progress"))}
    outcomes["back", ""] = _back(do("s3", "sync", there, copy, "--quiet"), source, copy)
    outcomes["ls", ""] = [line[20:] for line in lines("s3", "ls", "--recursive", there)]
    outcomes["cp stream", ""] = do("s3", "cp", "-", there + "stream", data=CONTENT)
    outcomes["cp back", ""] = hashlib.sha256(do("s3", "cp", there + "stream", "-")).hexdigest()
    outcomes["cp between", ""] = do("s3", "cp", there + "stream", there + "a b/+é", "--quiet")
    key = "a+b c+d"
    url = do("s3", "presign", there + key, "--expires-in", "60").decode().strip()
    outcomes["presign", key] = run(["curl", "--silent", "--fail-with-body", "--cacert", target.bundle, url], {}, folder)
    outcomes["rm", key] = do("s3", "rm", "--quiet", there + key)
    outcomes["rm all", ""] = do("s3", "rm", "--recursive", "--quiet", there, "--exclude", "*", "--include", "*=*")
    return outcomes


def rclone(target, folder):
    """copy both ways, check, a stream, a copy between keys, a listing, a link, deletion."""
    source, copy = _files(target, folder), folder / "copy"
    keys = target.credentials
    settings = {"TYPE": "s3", "PROVIDER": "Other", "ENDPOINT": target.endpoint, "REGION": keys["AWS_REGION"],
                "ACCESS_KEY_ID": keys["AWS_ACCESS_KEY_ID"], "SECRET_ACCESS_KEY": keys["AWS_SECRET_ACCESS_KEY"],
                "SESSION_TOKEN": keys.get("AWS_SESSION_TOKEN", ""), "FORCE_PATH_STYLE": "true", "NO_CHECK_BUCKET": "true",
                "UPLOAD_CUTOFF": f"{PART}B", "CHUNK_SIZE": f"{PART}B", "LIST_CHUNK": "7"}
    environment = {f"RCLONE_CONFIG_THERE_{name}": value for name, value in settings.items()}
    there = f"there:{target.bucket}/{target.prefix}"

    def do(*arguments, data=None):
        return run(["rclone", "--ca-cert", target.bundle, "--retries", "1", "--low-level-retries", "1",
                    "--config", "/dev/null", *arguments], environment, folder, data)

    outcomes = {("copy", ""): do("copy", source, there), ("check", ""): do("check", source, there)}
    outcomes["back", ""] = _back(do("copy", there, copy), source, copy)
    outcomes["rcat", ""] = do("rcat", there + "stream", data=CONTENT)
    outcomes["cat", ""] = hashlib.sha256(do("cat", there + "stream")).hexdigest()
    outcomes["copyto", ""] = do("copyto", there + "stream", there + "a b/+é")
    outcomes["lsf", ""] = sorted(do("lsf", "--recursive", "--format", "psh", there).decode().splitlines())
    for key in ["a+b c+d", "%252F"]:
        url = do("link", there + key, "--expire", "60s").decode().strip()
        outcomes["link", key] = run(["curl", "--silent", "--fail-with-body", "--cacert", target.bundle, url], {}, folder)
        outcomes["deletefile", key] = do("deletefile", there + key)
    outcomes["delete", ""] = do("delete", there, "--include", "{*é*,stream}")
    return outcomes


def s3cmd(target, folder):
    """By the forward-proxy address: sync both ways, a copy between keys, listing, deletion."""
    source, copy = _files(target, folder), folder / "copy"
    copy.mkdir()
    server = urlsplit(target.endpoint).netloc
    keys = target.credentials
    settings = {"access_key": keys["AWS_ACCESS_KEY_ID"], "secret_key": keys["AWS_SECRET_ACCESS_KEY"],
                "access_token": keys.get("AWS_SESSION_TOKEN", ""), "bucket_location": keys["AWS_REGION"],
                "ca_certs_file": target.bundle, "use_https": not target.proxy,
                "host_base": AWS_HOST if target.proxy else server, "host_bucket": AWS_HOST if target.proxy else server, "multipart_chunk_size_mb": 5}
    if target.proxy:
        settings |= {"proxy_host": "127.0.0.1", "proxy_port": urlsplit(target.proxy).port}
    lines = "".join(f"{name} = {value}\n" for name, value in settings.items())
    (folder / "s3cfg").write_text("[default]\n" + lines, encoding="utf-8")
    there = f"s3://{target.bucket}/{target.prefix}"

    def do(*arguments):
        return run(["s3cmd", "--config", folder / "s3cfg", "--no-progress", "--no-preserve", *arguments], {}, folder)

    outcomes = {("put", ""): do("--quiet", "sync", f"{source}/", there)}
    outcomes["back", ""] = _back(do("--quiet", "sync", there, f"{copy}/"), source, copy)
    outcomes["cp", ""] = do("--quiet", "cp", there + "a+b c+d", there + "copy of +é")
    listed = do("ls", "--recursive", there).decode().replace(there, "").splitlines()
    outcomes["ls", ""] = sorted(line[16:] for line in listed)
    outcomes["del", ""] = do("--quiet", "del", there + "%252F")
    return outcomes


ALL = {each.__name__: each for each in (boto, curl, aws, rclone, s3cmd, javascript, go_sdk, minio_go, java)}
