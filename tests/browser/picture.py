#!/usr/bin/env python3
"""picture.py FILE: a picture of GET /-/ for README, taken at the end of `make demo`'s own run."""

import io
import struct
import sys
import zlib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / "lambda"), str(ROOT / "tests"), str(ROOT / "build" / "browser" / "python")]

import demo  # noqa: E402
from playwright.sync_api import sync_playwright  # noqa: E402
from screen import Screen  # noqa: E402


def take(url, token, file):
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", chromium_sandbox=False,
                                             args=["--disable-lcd-text"])
        page = browser.new_page(http_credentials={"username": "x", "password": token}, viewport={"width": 1000, "height": 600})
        page.goto(url + "/-/")
        page.wait_for_selector("#time:not(:empty)")
        page.get_by_role("button", name="Ask AWS").click()
        page.get_by_text("AWS said so.").first.wait_for()
        page.get_by_role("radio", name="Serverless").check()
        page.locator("#policy", has_text="iamRoleStatements").wait_for()
        page.get_by_role("heading", name="countersign").click()
        Path(file).write_bytes(shrink(page.screenshot(full_page=True)))
        browser.close()


def rows_of(png):
    """(width, the rows of a PNG of 8 bits, RGB) as Chromium writes it."""
    at, packed, width = 8, b"", 0
    while at < len(png):
        length, kind = struct.unpack(">I4s", png[at:at + 8])
        if kind == b"IHDR":
            width = struct.unpack(">I", png[at + 8:at + 12])[0]
        elif kind == b"IDAT":
            packed += png[at + 8:at + 8 + length]
        at += 12 + length
    data, above = zlib.decompress(packed), bytes(3 * width)
    rows = []
    for start in range(0, len(data), 3 * width + 1):
        row = unfilter(data[start], bytearray(data[start + 1:start + 1 + 3 * width]), above)
        rows.append(row)
        above = row
    return width, rows


def unfilter(kind, row, above):
    """A row as it was before the PNG's filter (PNG, third edition, 9.2)."""
    for at in range(len(row)) if kind else ():
        left, over, corner = (row[at - 3], above[at], above[at - 3]) if at > 2 else (0, above[at], 0)
        near = min((left, over, corner), key=lambda value, to=left + over - corner: abs(to - value))
        row[at] = (row[at] + (0, left, over, (left + over) // 2, near)[kind]) % 256
    return bytes(row)


def shrink(png):
    """The same picture with at most 256 colours, a third of the size: nobody sees the three low bits of each."""
    width, rows = rows_of(png)
    rows = [row.translate(bytes(value & 0xF8 | value >> 5 for value in range(256))) for row in rows]
    colours = {}
    packed = b"".join(b"\0" + bytes(colours.setdefault(row[at:at + 3], len(colours)) for at in range(0, 3 * width, 3))
                      for row in rows)

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, len(rows), 8, 3, 0, 0, 0)) +
            chunk(b"PLTE", b"".join(colours)) + chunk(b"IDAT", zlib.compress(packed, 9)) + chunk(b"IEND", b""))


def main():
    demo.clean_environment()
    demo.SECONDS, said = 60, io.StringIO()
    right = demo.perform(Screen(said), lambda url, token: take(url, token, sys.argv[1]))
    if not right:
        sys.exit(f"{said.getvalue()}\nThe demo went wrong: no picture of it.")


if __name__ == "__main__":
    main()
