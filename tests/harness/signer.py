"""Requests signed by botocore, as an SDK would send them to the proxy."""

import datetime
from unittest import mock
from urllib.parse import urlsplit

import botocore.auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from .proxy import ROLE


class UnhashedS3(botocore.auth.S3SigV4Auth):
    """Says UNSIGNED-PAYLOAD, as clients do that stream."""

    def payload(self, request):
        return botocore.auth.UNSIGNED_PAYLOAD


class BareS3(botocore.auth.S3SigV4Auth):
    """Hashes the body and leaves X-Amz-Content-SHA256 out, as hand-written signers do."""

    def _modify_request_before_signing(self, request):
        botocore.auth.SigV4Auth._modify_request_before_signing(self, request)


KINDS = {
    ("s3", "header"): botocore.auth.S3SigV4Auth, ("s3", "query"): botocore.auth.S3SigV4QueryAuth,
    ("s3", "unhashed"): UnhashedS3, ("s3", "bare"): BareS3,
    ("json", "header"): botocore.auth.SigV4Auth, ("json", "query"): botocore.auth.SigV4QueryAuth,
}


def credentials(**changes):
    """The role's own, with some of access_key, secret_key and token changed."""
    own = {"access_key": ROLE["AWS_ACCESS_KEY_ID"], "secret_key": ROLE["AWS_SECRET_ACCESS_KEY"],
           "token": ROLE["AWS_SESSION_TOKEN"]}
    return Credentials(**{**own, **changes})


def sign(method, url, body=None, headers=(), *, keys=None, service="s3", region="us-east-1", form="header",
         age=0, expires=900):
    """(target, headers) of a request signed `age` seconds ago.

    form is header, query, or for S3 unhashed or bare (see above).
    """
    # In a query botocore would take the body for more parameters, and S3 does not sign it there.
    data = None if form == "query" else body
    request = AWSRequest(method=method, url=url, data=data, headers=dict(headers))
    kind = KINDS["s3" if service == "s3" else "json", form]
    extra = {"expires": expires} if form == "query" else {}
    then = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=age)
    with mock.patch.object(botocore.auth, "get_current_datetime", lambda: then):
        kind(keys or credentials(), service, region, **extra).add_auth(request)
    parts = urlsplit(request.url)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path, list(request.headers.items())
