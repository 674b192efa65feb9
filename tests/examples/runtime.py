"""runtime.py MODULE.FUNCTION: a managed runtime's part, in Python. Takes invocations and gives them to a handler.

The task's folder, LAMBDA_TASK_ROOT, is where the module is; what the handler raises is its error.
"""

import importlib
import json
import os
import sys
from types import SimpleNamespace
from urllib.request import Request, urlopen

LAMBDA = f"http://{os.environ['AWS_LAMBDA_RUNTIME_API']}/2018-06-01/runtime/invocation"

sys.path.insert(0, os.environ["LAMBDA_TASK_ROOT"])
module, _, function = sys.argv[1].rpartition(".")
handler = getattr(importlib.import_module(module), function)
while True:
    with urlopen(f"{LAMBDA}/next") as event:
        identifier = event.headers["Lambda-Runtime-Aws-Request-Id"]
        try:
            what, result = "response", handler(json.load(event), SimpleNamespace(aws_request_id=identifier))
        except Exception as error:
            what, result = "error", {"errorType": type(error).__name__, "errorMessage": str(error)}
    urlopen(Request(f"{LAMBDA}/{identifier}/{what}", json.dumps(result).encode())).close()
