"""Event-stream messages at random, against the codec of the SDK for JavaScript."""

import base64
import shutil
import subprocess
import sys

from deployment import NODE_FOLDER
from functions import NODE, ROOT

sys.path.insert(0, str(ROOT / "tests" / "streams"))

from messages import draw_messages, encode, read_all, write_all  # noqa: E402


def by_sdk(encoded, folder):
    """Each message, read and written again by the SDK."""
    program = shutil.copy(ROOT / "tests" / "examples" / "event_stream.mjs", folder)
    (folder / "node_modules").symlink_to(NODE_FOLDER / "node_modules")
    lines = "".join(base64.b64encode(each).decode() + "\n" for each in encoded)
    done = subprocess.run([NODE, program], input=lines, stdout=subprocess.PIPE, text=True, check=True)
    return [answer if answer.startswith("error") else base64.b64decode(answer) for answer in done.stdout.splitlines()]


def test_the_sdk_reads_and_writes_the_same(tmp_path):
    messages = draw_messages(2, 200)
    written = write_all(messages)
    again = by_sdk(written, tmp_path)
    assert again == written
    assert read_all(again) == messages


def test_the_sdk_refuses_what_is_refused(tmp_path):
    damaged = [encoded[:-1] + bytes([encoded[-1] ^ 1]) for encoded in map(encode, draw_messages(3, 20))]
    assert all(str(answer).startswith("error") for answer in by_sdk(damaged, tmp_path))
    assert read_all(damaged) == ["bad"] * len(damaged)
