"""Every house rule fires on a file that breaks it, and on nothing else."""

import subprocess
import sys
from pathlib import Path

import pytest

RULES = Path(__file__).with_name("rules.py")

GOOD = {
    "proxy/base/buf.h": "#pragma once\n",
    "proxy/base/buf.c": '#include "proxy/base/buf.h"\n\n/* not sprintf(), not getenv() */\n'
                        'const char *text = "SSL_read() \\" exit(1)";\n',
    "proxy/io/tls.c": '#include <uv.h>\n#include "proxy/base/buf.h"\n\nint f(void)\n{\n    return SSL_read(0);\n}\n',
    "proxy/exchange/exchange.c": '#include "proxy/pages/pages.h"\n\nstatic void enter(struct exchange *x, int phase)\n{\n'
                        "    x->phase = phase;\n}\n\nint is(struct exchange *x)\n{\n    return x->phase == 1;\n}\n",
    "extension/config.c": 'const char *f(void)\n{\n    return getenv("A");\n}\n',
    "extension/main.c": '#include "proxy/proxy.h"\n#include "extension/config.h"\n\nint main(void)\n{\n    exit(1);\n}\n',
    "proxy/aws/rows.def": "/* A table, sorted.\n * More of it. */\n" 'ROW("a b")\nROW("a-b c")\nROW("b "\n    "d")\n'
                          + 'ROW("c")\n' * 400,
    "proxy/aws/in_order.def": '/* Tried in this order. */\nROW("b")\nROW("a")\n',
    "tests/unit/test_buf.c": '#include "proxy/base/buf.h"\n\nint x(void)\n{\n    return atoi("1");\n}\n',
}

BAD = [
    ("proxy/base/a.c", "char *f(void)\n{\n    return strcpy(a, b);\n}\n", 3, "strcpy: unsafe"),
    ("proxy/base/a.c", "int f(void)\n{\n    return sprintf (a, b);\n}\n", 3, "sprintf: unsafe"),
    ("extension/a.c", "int f(void)\n{\n    return atoi(b);\n}\n", 3, "atoi: unsafe"),
    ("extension/main.c", "char *f(void)\n{\n    return getenv(b);\n}\n", 3, "getenv: only"),
    ("proxy/base/a.c", "extern char **environ;\n", 1, "environ: only"),
    ("proxy/base/a.c", "void f(void)\n{\n    exit(1);\n}\n", 3, "exit: only"),
    ("proxy/io/pool.c", "void f(void)\n{\n    SSL_free(ssl);\n}\n", 3, "SSL_free: SSL_ only"),
    ("proxy/exchange/exchange.c", "void on_head(struct x *x)\n{\n    x->phase = 1;\n}\n", 3, "a phase is assigned"),
    ("proxy/base/a.h", '#pragma once\n#include "proxy/io/tls.h"\n', 2, "proxy/base may not include proxy/io"),
    ("proxy/http/a.c", '#include "proxy/aws/sign.h"\n', 1, "proxy/http may not include proxy/aws"),
    ("proxy/pages/a.c", '#include "proxy/exchange/exchange.h"\n', 1, "proxy/pages may not include proxy/exchange:"),
    ("proxy/proxy.c", '#include "extension/config.h"\n', 1, "proxy may not include extension"),
    ("proxy/base/a.c", '#include "proxy/attic/a.h"\n', 1, "proxy/attic is no room"),
    ("proxy/attic/a.c", "int a;\n", 1, "in no room"),
    ("proxy/aws/a.c", "#include <uv.h>\n", 1, "no <uv.h> here"),
    ("extension/event.c", "#include <uv.h>\n", 1, "no <uv.h> here"),
    ("proxy/base/a.c", "int a;\n" * 401, 400, "401 lines"),
    ("proxy/aws/a.def", '/* A table. */\nROW("b")\nROW("a b")\n', 3, "a stands behind b"),
    ("proxy/aws/a.def", '/* A table. */\nROW("b")\nint a;\n', 3, "no row of a table"),
    ("proxy/aws/a.inc", "int a;\n" * 401, 400, "401 lines"),
    ("tests/unit/test_a.c", f"int {'a' * 96};\n", 1, "101 columns"),
    ("proxy/base/a.c", "int a; \n", 1, "trailing white space"),
    ("proxy/base/a.h", "int a;\n", 1, "a header without #pragma once"),
    ("proxy/base/buf.c", '#include <stdio.h>\n#include "proxy/base/buf.h"\n', 1, "must include its own header"),
]


def check(root, files):
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    done = subprocess.run([sys.executable, RULES, root], capture_output=True, text=True)
    assert done.stderr == ""
    return done.returncode, done.stdout.splitlines()


def test_good_files_pass(tmp_path):
    assert check(tmp_path, GOOD) == (0, [])


@pytest.mark.parametrize("name, text, line, breach", BAD, ids=lambda value: str(value)[:40])
def test_breach_is_found(tmp_path, name, text, line, breach):
    status, found = check(tmp_path, GOOD | {name: text})
    assert status == 1
    assert len(found) == 1 and found[0].startswith(f"{name}:{line}: {breach}"), found
