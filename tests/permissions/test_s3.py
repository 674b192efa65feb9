"""Every operation of S3 as boto3 sends it, and every branch of what it needs, against a table of its own."""

import re
from pathlib import Path

import pytest
from asking import ACCOUNT, REGION, Request, arguments, ask, client, request_of

TABLE = Path(__file__).with_name("s3.tsv")
TWINS = {"GetBucketLifecycle": "GetBucketLifecycleConfiguration",
         "GetBucketNotification": "GetBucketNotificationConfiguration",
         "PutBucketLifecycle": "PutBucketLifecycleConfiguration",
         "PutBucketNotification": "PutBucketNotificationConfiguration"}
KNOWN = {"Bucket": "examplebucket", "Key": "a folder/ä+b.txt", "UploadId": "u", "CopySource": "source/an objéct",
         "Delete": {"Objects": [{"Key": "a folder/ä+b.txt"}]}, "RestoreRequest": {"Days": 1}}
BUCKET, OBJECT = "arn:aws:s3:::examplebucket", "arn:aws:s3:::examplebucket/a folder/ä+b.txt"
SOURCE, KEY = "arn:aws:s3:::source/an objéct", f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/replication"
# What makes a condition of the table true, by the member that boto3 has for it.
GIVEN = {
    "x-amz-bypass-governance-retention": {"BypassGovernanceRetention": True},
    "x-amz-acl": {"ACL": "private"},
    "x-amz-grant-*": {"GrantRead": "id=1"},
    "x-amz-tagging": {"Tagging": "a=b"},
    "x-amz-object-lock-mode": {"ObjectLockMode": "GOVERNANCE"},
    "x-amz-object-lock-retain-until-date": {"ObjectLockRetainUntilDate": "2030-01-01"},
    "x-amz-object-lock-legal-hold": {"ObjectLockLegalHoldStatus": "ON"},
    "x-amz-server-side-encryption-aws-kms-key-id": {"SSEKMSKeyId": KEY.rpartition("/")[2]},
    "x-amz-bucket-object-lock-enabled": {"ObjectLockEnabledForBucket": True},
    "x-amz-object-ownership": {"ObjectOwnership": "BucketOwnerEnforced"},
    "x-amz-copy-source": {},
    "x-amz-copy-source?versionId": {"CopySource": KNOWN["CopySource"] + "?versionId=3"},
    "body:Object.VersionId": {"Delete": {"Objects": [{"Key": KNOWN["Key"], "VersionId": "3"}]}},
    "body:SelectParameters": {"RestoreRequest": {"SelectParameters": {"Expression": "x"}}},
    "body:Role": {"ReplicationConfiguration": {"Role": ROLE, "Rules": []}},
    "always": {},
}


def rows():
    lines = TABLE.read_text(encoding="utf-8").splitlines()
    names = next(line for line in lines if line.startswith("# method")).removeprefix("# ").split("\t")
    return [dict(zip(names, line.split("\t"), strict=True)) for line in lines if line and not line.startswith("#")]


ROWS = {row["operation"]: row for row in rows()}


@pytest.fixture(scope="module")
def s3():
    return client("s3")


def extras(row):
    """(conditions, actions, resource) of each that the request can show."""
    if row["extra"] != "-":
        for extra in re.split(r" (?=[a-z!]\S*=)", row["extra"]):
            condition, _, actions = extra.rpartition("=")
            actions, _, resource = actions.partition("@")
            if not extra.endswith("?"):
                yield condition.split("|") if condition != "404" else [], actions.split(","), resource


def resource_of(name):
    return {"bucket": BUCKET, "object": OBJECT, "*": "*", "source": SOURCE, "key": KEY, "role": ROLE, "": None}[name]


def own(row, actions):
    resource = resource_of(row["resource"].split(" ")[0])
    return {(action, resource) for action in actions.split(",")}


def always(row, deletes_versions=False):
    """What is needed whatever the head says."""
    needed = set() if deletes_versions else own(row, row["action"])
    for conditions, actions, resource in extras(row):
        if conditions == ["always"] or (conditions == ["x-amz-copy-source"] and row["header"] == "x-amz-copy-source"):
            needed |= {(action, resource_of(resource)) for action in actions}
    return needed


def cases(s3):
    """(name, request, what it needs) of every operation, and of every branch of it."""
    model = s3.meta.service_model
    for operation in model.operation_names:
        row = ROWS[TWINS.get(operation, operation)]
        least = arguments(model, operation, {k: v for k, v in KNOWN.items() if k in
                                             (model.operation_model(operation).input_shape or
                                              type("none", (), {"members": {}})).members})
        if operation == "PutBucketReplication":
            least.update(GIVEN["body:Role"])
        base = always(row)
        if operation == "PutBucketReplication":
            base |= {("iam:PassRole", ROLE)}
        yield operation, request_of(s3, operation, least), base
        if row["version"] != "-":
            with_version = request_of(s3, operation, {**least, "VersionId": "3/L"})
            yield f"{operation} version", with_version, own(row, row["version"])
        for conditions, actions, resource in extras(row):
            for condition in conditions:
                needed = {(action, resource_of(resource) or next(iter(own(row, "x")))[1]) for action in actions}
                if condition == "x-amz-copy-source?versionId":
                    needed |= base - {("s3:GetObject", SOURCE)}
                elif condition == "body:Object.VersionId":
                    needed = {("s3:DeleteObjectVersion", OBJECT)}
                else:
                    needed |= base
                if condition.startswith("x-amz-bypass") and operation == "DeleteObjects":
                    needed = base | {("s3:BypassGovernanceRetention", BUCKET + "/*")}
                if condition.startswith("x-amz-server-side"):
                    needed |= {(f"kms:{a}", KEY) for a in ("GenerateDataKey", "Decrypt")
                               if f"kms:{a}" in row["extra"]}
                if condition == "x-amz-bucket-object-lock-enabled":
                    needed |= {(f"s3:PutBucket{a}", BUCKET) for a in ("ObjectLockConfiguration", "Versioning")}
                yield f"{operation} {condition}", request_of(s3, operation, {**least, **GIVEN[condition]}), needed


def test_every_operation_and_every_branch(s3):
    asked = list(cases(s3))
    answers = ask([request for _, request, _ in asked])
    wrong = [(name, request.path, request.query, answer, needed)
             for (name, request, needed), (operation, _, answer) in zip(asked, answers, strict=True)
             if operation != TWINS.get(name.split(" ")[0], name.split(" ")[0]) or set(answer) != needed]
    assert wrong == []
    assert {name.split(" ")[0] for name, _, _ in asked} == (ROWS.keys() | TWINS.keys()) - {"PostObject", "(CORS preflight)"}
    assert len(asked) >= 116 + 30


def test_every_row_at_a_directory_bucket(s3):
    """Path-style at the control host for the bucket's own operations, at the zone's host for objects."""
    bucket = "examplebucket--use1-az4--x-s3"
    arn = f"arn:aws:s3express:{REGION}:{ACCOUNT}:bucket/{bucket}"
    requests, wanted = [], []
    for row in ROWS.values():
        if row["level"] not in ("bucket", "object") or row["operation"] == "(CORS preflight)":
            continue
        query = "" if row["query"] == "-" else row["query"]
        fields = [] if row["header"] == "-" else [tuple(row["header"].split(": "))[:2]]
        fields = [(field[0], field[1] if len(field) > 1 else "/source/k") for field in fields]
        path = "/" if row["level"] == "bucket" else "/key"
        requests.append(Request(row["method"], f"https://{bucket}.s3express-use1-az4.{REGION}.amazonaws.com{path}?{query}",
                                fields, signing="s3express"))
        wanted.append(row)
    for row, request, (operation, _, needed) in zip(wanted, requests, ask(requests), strict=True):
        if row["express"] == "-":
            assert (operation, needed) == ("", []), (row, needed)
        else:
            assert operation == row["operation"] and (row["express"], arn) in needed, (row, request.query, needed)
            assert {resource for action, resource in needed if action.startswith("s3express")} == {arn}


V = f"s3.{REGION}.amazonaws.com"
POINT = f"arn:aws:s3:{REGION}:210987654321:accesspoint/mine"
OUTPOST = f"arn:aws:s3-outposts:{REGION}:210987654321:outpost/op-01ac5d28a6a232904/accesspoint/mine"
LAMBDA = f"arn:aws:s3-object-lambda:{REGION}:210987654321:accesspoint/mine"
B = "arn:aws:s3:::b"
GET, LIST = "s3:GetObject", "s3:ListBucket"
PLACES = [  # what stands there in a name, where the request goes, what it needs
    ("virtual", "GET", f"b.{V}", "/k", [(GET, f"{B}/k")]),
    ("path", "GET", V, "/b/k", [(GET, f"{B}/k")]),
    ("path without a key", "GET", V, "/b", [(LIST, B)]),
    ("path with an empty key", "GET", V, "/b/", [(LIST, B)]),
    ("service", "GET", V, "/", [("s3:ListAllMyBuckets", "*")]),
    ("no bucket", "GET", V, "//k", None),
    ("dots in the bucket", "GET", f"a.b.s3.{V}", "/k", [(GET, "arn:aws:s3:::a.b.s3/k")]),
    ("global", "GET", "b.s3.amazonaws.com", "/k", [(GET, f"{B}/k")]),
    ("old", "GET", f"b.s3-{REGION}.amazonaws.com", "/k", [(GET, f"{B}/k")]),
    ("dual-stack", "GET", f"b.s3.dualstack.{REGION}.amazonaws.com", "/k", [(GET, f"{B}/k")]),
    ("FIPS", "GET", "b.s3-fips.us-east-1.amazonaws.com", "/k", [(GET, f"{B}/k")]),
    ("accelerate", "GET", "b.s3-accelerate.amazonaws.com", "/k", [(GET, f"{B}/k")]),
    ("accelerate dual-stack", "GET", "b.s3-accelerate.dualstack.amazonaws.com", "/k", [(GET, f"{B}/k")]),
    ("endpoint of a network", "GET", f"bucket.vpce-1a-2b.s3.{REGION}.vpce.amazonaws.com", "/b/k", [(GET, f"{B}/k")]),
    ("virtual at one", "GET", f"b.bucket.vpce-1a-2b.s3.{REGION}.vpce.amazonaws.com", "/k", [(GET, f"{B}/k")]),
    ("another server", "GET", "minio.local", "/b/k", [(GET, f"{B}/k")]),
    ("an address", "GET", "127.0.0.1", "/b/k", [(GET, f"{B}/k")]),
    ("slash encoded", "GET", f"b.{V}", "/a%2Fb", [(GET, f"{B}/a/b")]),
    ("slashes", "GET", f"b.{V}", "//a//b/", [(GET, f"{B}//a//b/")]),
    ("dots", "GET", f"b.{V}", "/../a/./b", [(GET, f"{B}/../a/./b")]),
    ("unicode", "GET", f"b.{V}", "/%E6%BC%A2%F0%9F%98%80", [(GET, f"{B}/漢😀")]),
    ("plus", "GET", f"b.{V}", "/a+b%2Bc", [(GET, f"{B}/a+b+c")]),
    ("wildcards of a key", "GET", f"b.{V}", "/*/%3F/${a}/%24%7Bb}/$c", [(GET, B + "/*/?/${a}/${b}/$c")]),
    ("wildcard for a bucket", "GET", V, "/%2A/k", [(GET, "arn:aws:s3:::*/k")]),
    ("wildcard in the host", "GET", f"*.{V}", "/k", None),
    ("encoded bucket", "GET", V, "/%62/k", [(GET, f"{B}/k")]),
    ("access point", "GET", f"mine-210987654321.s3-accesspoint.{REGION}.amazonaws.com", "/k", [(GET, f"{POINT}/object/k")]),
    ("access point, list", "GET", f"mine-210987654321.s3-accesspoint.dualstack.{REGION}.amazonaws.com", "/", [(LIST, POINT)]),
    ("access point at a network", "GET", f"mine-210987654321.accesspoint.vpce-1a-2b.s3.{REGION}.vpce.amazonaws.com", "/k",
     [(GET, f"{POINT}/object/k")]),
    ("alias", "GET", f"mine-hrzrlukc5m36ft7okagglf3gmwluquse1b-s3alias.{V}", "/k",
     [(GET, f"arn:aws:s3:{REGION}:{ACCOUNT}:accesspoint/mine*")]),
    ("multi-region", "GET", "mfzwi23gnjvgw.mrap.accesspoint.s3-global.amazonaws.com", "/k",
     [(GET, f"arn:aws:s3::{ACCOUNT}:accesspoint/mfzwi23gnjvgw.mrap/object/k")]),
    ("outpost", "GET", f"mine-210987654321.op-01ac5d28a6a232904.s3-outposts.{REGION}.amazonaws.com", "/k",
     [("s3-outposts:GetObject", f"{OUTPOST}/object/k")]),
    ("outpost, list", "GET", f"mine-210987654321.op-01ac5d28a6a232904.s3-outposts.{REGION}.amazonaws.com", "/",
     [("s3-outposts:ListBucket", OUTPOST)]),
    ("object lambda", "GET", f"mine-210987654321.s3-object-lambda.{REGION}.amazonaws.com", "/k",
     [("s3-object-lambda:GetObject", LAMBDA)]),
    ("object lambda, list", "GET", f"mine-210987654321.s3-object-lambda.{REGION}.amazonaws.com", "/",
     [("s3-object-lambda:ListBucket", LAMBDA)]),
    ("object lambda, none of its", "GET", f"mine-210987654321.s3-object-lambda.{REGION}.amazonaws.com", "/?cors", None),
    ("object lambda's alias", "GET", f"mine-1a4n8yjrb3kda96f67zwrwiiuse1a--ol-s3.{V}", "/k",
     [("s3-object-lambda:GetObject", f"arn:aws:s3-object-lambda:{REGION}:{ACCOUNT}:accesspoint/mine*")]),
    ("directory's access point", "GET", f"mine--use1-az4--xa-s3.s3express-use1-az4.{REGION}.amazonaws.com", "/k",
     [("s3express:CreateSession", f"arn:aws:s3express:{REGION}:{ACCOUNT}:accesspoint/mine--use1-az4--xa-s3")]),
    ("directory bucket's policy", "GET", f"s3express-control.{REGION}.amazonaws.com", "/x--use1-az4--x-s3?policy",
     [("s3express:GetBucketPolicy", f"arn:aws:s3express:{REGION}:{ACCOUNT}:bucket/x--use1-az4--x-s3")]),
    # names that are ignored, and names that are not
    ("x-id", "GET", f"b.{V}", "/k?x-id=GetObject&response-content-type=a&response-expires=", [(GET, f"{B}/k")]),
    ("presigned", "GET", f"b.{V}", "/k?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=a", [(GET, f"{B}/k")]),
    ("order", "PUT", f"b.{V}", "/k?uploadId=a&x-id=UploadPart&partNumber=3", [("s3:PutObject", f"{B}/k")]),
    ("encoded name", "PUT", f"b.{V}", "/k?%61cl", [("s3:PutObjectAcl", f"{B}/k")]),
    ("name with an empty value", "PUT", f"b.{V}", "/k?acl=", [("s3:PutObjectAcl", f"{B}/k")]),
    ("two operations", "PUT", f"b.{V}", "/k?acl&tagging", None),
    ("one of another method", "GET", f"b.{V}", "/k?uploads", None),
    ("an upload without its part", "PUT", f"b.{V}", "/k?uploadId=a", None),
    ("a name nobody knows", "PUT", f"b.{V}", "/k?newThing", None),
    ("a value with a name nobody knows", "GET", f"b.{V}", "/k?cache=17", [(GET, f"{B}/k")]),
    ("a number against caches", "GET", f"b.{V}", "/k?17", [(GET, f"{B}/k")]),
    ("empty values", "GET", f"b.{V}", "/?prefix=&delimiter=&marker=&list-type=2", [(LIST, B)]),
    ("list-type of none", "GET", f"b.{V}", "/?list-type=1", [(LIST, B)]),
    ("another method", "PATCH", f"b.{V}", "/k", None),
    ("a field in the query", "PUT", f"b.{V}", "/k?X-Amz-Acl=private", [("s3:PutObject", f"{B}/k"), ("s3:PutObjectAcl", f"{B}/k")]),
    ("a source in the query", "PUT", f"b.{V}", "/k?x-amz-copy-source=a%2Fb", None),
    ("delete a version", "DELETE", f"b.{V}", "/k?versionId=null", [("s3:DeleteObjectVersion", f"{B}/k")]),
    ("a slash that is encoded behind the bucket", "GET", V, "/b%2Fk", None),
    ("one before it", "GET", V, "/%2Fb/k", None),
    ("one in the key", "GET", V, "/b/k%2Fl", [(GET, f"{B}/k/l")]),
    ("nothing before a VPC's endpoint", "GET", f"vpce-1a-2b.s3.{REGION}.vpce.amazonaws.com", "/b/k", [(GET, f"{B}/k")]),
    ("an odd name before a VPC's endpoint", "GET", f"other.vpce-1a-2b.s3.{REGION}.vpce.amazonaws.com", "/b/k",
     [(GET, "arn:aws:s3:::other/b/k")]),
    ("too long a key", "GET", f"b.{V}", "/" + "k" * 9000, None),
]


@pytest.mark.parametrize("name, method, host, path, needed", PLACES, ids=[row[0] for row in PLACES])
def test_where_it_leads(name, method, host, path, needed):
    (operation, _, answer), = ask([Request(method, f"https://{host}{path}")])
    assert answer == (needed or []), name
    assert (operation == "") == (needed is None)


FIELDS = [
    ("grant", "/k", [("X-Amz-Grant-Read", "id=1")], [("s3:PutObject", f"{B}/k"), ("s3:PutObjectAcl", f"{B}/k")]),
    ("false is none", "/?versioning", [("x-amz-bypass-governance-retention", "false")], [("s3:PutBucketVersioning", B)]),
    ("false is a tag", "/k", [("x-amz-tagging", "false")], [("s3:PutObject", f"{B}/k"), ("s3:PutObjectTagging", f"{B}/k")]),
    ("copy with a slash", "/k", [("x-amz-copy-source", "/s/a%2Fb%20c")],
     [("s3:PutObject", f"{B}/k"), (GET, "arn:aws:s3:::s/a/b c")]),
    ("copy from an access point, with a slash", "/k", [("x-amz-copy-source", f"/{POINT}/object/a")],
     [("s3:PutObject", f"{B}/k"), ("s3:GetObject", f"{POINT}/object/a")]),
    ("copy, all encoded", "/k", [("x-amz-copy-source", "%2Fs%2Fa%3FversionId")],
     [("s3:PutObject", f"{B}/k"), (GET, "arn:aws:s3:::s/a?versionId")]),
    ("copy of a version", "/k", [("x-amz-copy-source", "s/a?versionId=1")],
     [("s3:PutObject", f"{B}/k"), ("s3:GetObjectVersion", "arn:aws:s3:::s/a")]),
    ("copy from an access point", "/k", [("x-amz-copy-source", f"{POINT}/object/a*b")],
     [("s3:PutObject", f"{B}/k"), (GET, POINT + "/object/a*b")]),
    ("copy from an outpost", "/k", [("x-amz-copy-source", f"{OUTPOST}/object/a")],
     [("s3:PutObject", f"{B}/k"), ("s3-outposts:GetObject", OUTPOST + "/object/a")]),
    ("copy from a directory bucket", "/k", [("x-amz-copy-source", "s--use1-az4--x-s3/a")],
     [("s3:PutObject", f"{B}/k"), ("s3express:CreateSession", f"arn:aws:s3express:{REGION}:{ACCOUNT}:bucket/s--use1-az4--x-s3")]),
    ("two sources", "/k", [("x-amz-copy-source", "s/a"), ("x-amz-copy-source", "s/b")], None),
    ("key's ARN", "/k", [("x-amz-server-side-encryption-aws-kms-key-id", KEY)],
     [("s3:PutObject", f"{B}/k"), ("kms:GenerateDataKey", KEY)]),
    ("key's alias", "/k", [("x-amz-server-side-encryption-aws-kms-key-id", "alias/a")],
     [("s3:PutObject", f"{B}/k"), ("kms:GenerateDataKey", f"arn:aws:kms:{REGION}:{ACCOUNT}:key/*")]),
    ("alias's ARN", "/k", [("x-amz-server-side-encryption-aws-kms-key-id", "arn:aws:kms:us-east-1:210987654321:alias/a")],
     [("s3:PutObject", f"{B}/k"), ("kms:GenerateDataKey", "arn:aws:kms:us-east-1:210987654321:key/*")]),
]


@pytest.mark.parametrize("name, path, fields, needed", FIELDS, ids=[row[0] for row in FIELDS])
def test_what_the_head_asks_for(name, path, fields, needed):
    (operation, _, answer), = ask([Request("PUT", f"https://b.{V}{path}", fields)])
    assert answer == (needed or []), name
    assert (operation == "") == (needed is None)


def test_form_and_preflight():
    form = Request("POST", f"https://b.{V}/", [("Content-Type", "multipart/form-data; boundary=x")])
    preflight = Request("OPTIONS", f"https://b.{V}/k", [("Origin", "https://example.com")])
    assert ask([form, preflight]) == [("PostObject", False, [("s3:PutObject", f"{B}/*")]), ("Preflight", False, [])]


def delete(*objects, start="<Delete>", end="</Delete>"):
    return (start + "".join(f"<Object>{inside}</Object>" for inside in objects) + end).encode()


DELETE, VERSION = "s3:DeleteObject", "s3:DeleteObjectVersion"
ANY = [(DELETE, f"{B}/*"), (VERSION, f"{B}/*")]
BODIES = [
    ("one", delete("<Key>a</Key>"), [(DELETE, f"{B}/a")]),
    ("a version too", delete("<Key>a</Key>", "<Key>b</Key><VersionId>1</VersionId>"), [(DELETE, f"{B}/a"), (VERSION, f"{B}/b")]),
    ("entities", delete("<Key>a&amp;b&lt;&#x6f22;&#33;&quot;</Key>"), [(DELETE, f"{B}/a&b<漢!\"")]),
    ("wildcard", delete("<Key>*</Key>"), [(DELETE, B + "/*\\")]),
    ("eight", delete(*(f"<Key>k{i}</Key>" for i in range(8))), [(DELETE, f"{B}/k{i}") for i in range(8)]),
    ("nine", delete(*(f"<Key>p/k{i}</Key>" for i in range(9))), [(DELETE, f"{B}/p/*")]),
    ("nine of no folder", delete(*(f"<Key>k{i}</Key>" for i in range(9))), [(DELETE, f"{B}/*")]),
    ("a thousand", delete(*(f"<Key>p&amp;/k{i}</Key>" for i in range(1000))), [(DELETE, f"{B}/p&/*")]),
    ("more", delete(*(f"<Key>p/k{i}</Key>" for i in range(1001))), ANY),
    ("prolog and namespace", delete("<Key>a</Key>", start='<?xml version="1.0"?>\n<Delete xmlns="http://s3">\n<Quiet>true</Quiet>'),
     [(DELETE, f"{B}/a")]),
    ("comment", delete("<!-- <Key>b</Key> --><Key>a</Key>"), ANY),
    ("CDATA", delete("<Key><![CDATA[a]]></Key>"), ANY),
    ("prefixes", delete("<x:Key>a</x:Key>"), ANY),
    ("two keys", delete("<Key>a</Key><Key>b</Key>"), ANY),
    ("no key", delete(""), ANY),
    ("a key in parts", delete("<Key>a<Quiet></Quiet>b</Key>"), ANY),
    ("a key of another element", delete("<ETag>a</Key>"), ANY),
    ("a version that is empty", delete("<Key>a</Key><VersionId></VersionId>"), ANY),
    ("another encoding", delete("<Key>a</Key>", start='<?xml version="1.0" encoding="cp037"?><Delete>'), ANY),
    ("UTF-8", delete("<Key>a</Key>", start='<?xml version="1.0" encoding="UTF-8"?><Delete>'), [(DELETE, f"{B}/a")]),
    ("no end", delete("<Key>a</Key>", end=""), ANY),
    ("unknown entity", delete("<Key>&x;</Key>"), [(DELETE, f"{B}/*")]),
    ("no XML", b"{}", ANY),
]


@pytest.mark.parametrize("name, body, needed", BODIES, ids=[row[0] for row in BODIES])
def test_deletes(name, body, needed):
    (operation, wants, answer), = ask([Request("POST", f"https://b.{V}/?delete", body=body)])
    assert (operation, wants, answer) == ("DeleteObjects", False, needed), name


def test_a_query_over_what_is_restored():
    text = "<RestoreRequest><SelectParameters/></RestoreRequest>"
    requests = [Request("POST", f"https://b.{V}/k?restore", body=text.encode(encoding)) for encoding in ("utf-8", "utf-16", "utf-16-be")]
    requests.append(Request("POST", f"https://b.{V}/k?restore", body=b"<RestoreRequest/>"))
    assert [(GET, f"{B}/k") in needed for _, _, needed in ask(requests)] == [True, True, True, False]


def test_a_body_that_is_not_there_is_missed():
    requests = [Request("POST", f"https://b.{V}/?delete"), Request("PUT", f"https://b.{V}/?replication"),
                Request("POST", f"https://b.{V}/k?restore"), Request("PUT", f"https://b.{V}/?cors")]
    assert [wants for _, wants, _ in ask(requests)] == [True, True, True, False]
    assert ask(requests)[0][2] == ANY and ("iam:PassRole", "*") in ask(requests)[1][2]
