"""The program in both zips: how it is linked and hardened, that it runs, and what it does not let itself be told."""

import os
import re
import subprocess

import pytest

import machine
from harness.proxy import ROLE, Proxy
from job import MIB, Wrapped, do_main_job, serve, settings

MACHINES = {"x86_64": "Advanced Micro Devices X86-64", "arm64": "AArch64"}
DISASSEMBLERS = {"x86_64": "objdump", "arm64": "aarch64-linux-gnu-objdump"}
# The instructions for which a processor need not be new enough, and a sign that they are asked for first.
SPECIAL = {
    "x86_64": {"aesenc", "aesenclast", "pclmullqlqdq", "vaesenc", "sha256rnds2", "sha256msg1", "sha1rnds4", "cpuid", "xgetbv"},
    "arm64": {"aese", "aesmc", "pmull", "sha256h", "sha256su0", "sha1c"},
}
OLD_PROCESSORS = ["core2duo", "Nehalem"]
SILENT = "int puts(const char *t) { (void)t; return 0; }\n__attribute__((constructor)) static void end(void)\n" \
         "{ __builtin_trap(); }\n"


def readelf(path, *options):
    return subprocess.run([machine.tool("readelf"), "--wide", *options, path], check=True, text=True,
                          stdout=subprocess.PIPE).stdout


def run(architecture, path, *arguments, env=None):
    return subprocess.run([*machine.RUNNERS[architecture], path, *arguments], env=env or {}, text=True, timeout=60,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


@pytest.fixture
def program(unpacked, architecture):
    return unpacked(architecture) / "countersign"


def test_machine_and_kind(program, architecture):
    header = readelf(program, "--file-header")
    assert MACHINES[architecture] in header
    assert re.search(r"Type: +DYN \(Position-Independent Executable file\)", header)


def test_static(program):
    segments, dynamic = readelf(program, "--segments"), readelf(program, "--dynamic")
    assert "INTERP" not in segments
    for tag in ("NEEDED", "RPATH", "RUNPATH", "TEXTREL"):
        assert tag not in dynamic


def test_hardened(program):
    segments, dynamic = readelf(program, "--segments"), readelf(program, "--dynamic")
    stack = re.search(r"GNU_STACK .* (R..) +0x", segments)
    assert stack and "E" not in stack[1]
    assert "GNU_RELRO" in segments
    assert "BIND_NOW" in dynamic or "NOW" in dynamic
    flags = re.findall(r"LOAD +(?:0x[0-9a-f]+ +){5}([RWE ]{3})", segments)
    assert flags and not any("W" in each and "E" in each for each in flags)


def test_stripped(program):
    sections = readelf(program, "--sections")
    for name in (".symtab", ".debug", ".comment", ".note.gnu.build-id"):
        assert name not in sections


def test_no_path_of_the_build_in_it(program):
    data = program.read_bytes()
    for path in (machine.ROOT, machine.LAYER, os.path.expanduser("~")):
        assert str(path).encode() + b"/" not in data


def test_relocated_memory_is_closed(unpacked):
    """musl leaves it open; see layer/relro.c. Only the native file shows it: QEMU's maps are its own."""
    path = unpacked(machine.NATIVE) / "countersign"
    relro = re.search(r"GNU_RELRO +0x\w+ 0x(\w+) 0x\w+ 0x\w+ 0x(\w+)", readelf(path, "--segments"))
    begin, size = int(relro[1], 16), int(relro[2], 16)
    with Proxy(binary=path) as proxy:
        with open(f"/proc/{proxy.pid}/maps", encoding="utf-8") as maps:
            lines = [line.split() for line in maps if line.rstrip().endswith(str(path))]
    base = int(lines[0][0].partition("-")[0], 16)
    ranges = [(*(int(each, 16) - base for each in line[0].split("-")), line[1]) for line in lines]
    inside = [flags for low, high, flags in ranges if low < (begin + size) // 4096 * 4096 and high > begin // 4096 * 4096]
    assert inside and all(flags == "r--p" for flags in inside)


def test_version(program, architecture):
    done = run(architecture, program, "--version")
    assert (done.returncode, done.stdout) == (0, f"countersign {version()}\n")


def version():
    makefile = (machine.ROOT / "Makefile").read_text(encoding="utf-8")
    return re.search(r"^VERSION := (\S+)$", makefile, re.MULTILINE)[1]


def test_check(program, architecture):
    done = run(architecture, program, "--check", env=ROLE)
    assert done.returncode == 0
    assert "localhost:2774" in done.stdout
    assert ROLE["AWS_SECRET_ACCESS_KEY"] not in done.stdout


def test_check_of_a_wrong_setting(program, architecture):
    done = run(architecture, program, "--check", env={**ROLE, "COUNTERSIGN_LISTEN": "localhost:none"})
    assert done.returncode == 2
    assert "COUNTERSIGN_LISTEN" in done.stdout


@pytest.mark.parametrize("variable", ["LD_LIBRARY_PATH", "LD_PRELOAD"])
def test_no_library_gets_in(variable, unpacked, tmp_path, upstream, authority):
    """Every library whose code is in the file lies poisoned in the customer's folder: whoever loads one ends at once."""
    source = tmp_path / "poison.c"
    source.write_text(SILENT, encoding="ascii")
    names = ["libc.so.6", "libc.so", "libuv.so.1", "libssl.so.3", "libcrypto.so.3", "libcjson.so.1"]
    for name in names:
        subprocess.run(["cc", "-shared", "-fPIC", "-o", tmp_path / name, source], check=True)
    value = {"LD_LIBRARY_PATH": str(tmp_path), "LD_PRELOAD": " ".join(str(tmp_path / name) for name in names)}[variable]
    victim = subprocess.run([machine.tool("curl"), "--version"], env={variable: value}, stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL)
    assert victim.returncode != 0, "the poison does not work"
    environment = {variable: value, "COUNTERSIGN_ENDPOINT": upstream.url, "COUNTERSIGN_CA_BUNDLE": authority.bundle}
    with Proxy(environment, binary=unpacked(machine.NATIVE) / "countersign") as proxy:
        do_main_job(proxy.port, upstream, 100_000)


def test_instructions_of_new_processors_are_there(program, architecture):
    text = subprocess.run([machine.tool(DISASSEMBLERS[architecture]), "--disassemble", "--no-show-raw-insn", program],
                          check=True, text=True, stdout=subprocess.PIPE).stdout
    names = set(re.findall(r"^ +[0-9a-f]+:\t(\w+)", text, re.MULTILINE))
    assert SPECIAL[architecture] <= names


@pytest.mark.parametrize("processor", OLD_PROCESSORS)
def test_runs_on_a_processor_without_them(processor, unpacked, upstream, authority):
    """QEMU ends a program that uses an instruction which the processor it plays does not have."""
    before = [machine.tool("qemu-x86_64-static"), "-cpu", processor]
    environment = settings(upstream, authority.bundle)
    serve(Wrapped(unpacked("x86_64"), before, environment=environment, init_seconds=30), upstream, MIB)


@pytest.mark.parametrize("architecture, qemu, wanted", [("x86_64", "qemu-x86_64-static", {"aesenc", "vaesenc"}),
                                                        ("arm64", "qemu-aarch64-static", {"aese", "sha256h"})])
def test_they_are_used_where_there_are(architecture, qemu, wanted, unpacked, upstream, authority, tmp_path):
    """QEMU writes down the instructions that are run. (It plays no x86-64 processor with instructions for SHA.)"""
    log = tmp_path / "instructions"
    before = [machine.tool(qemu), "-cpu", "max", "-d", "in_asm", "-D", str(log)]
    environment = settings(upstream, authority.bundle)
    serve(Wrapped(unpacked(architecture), before, environment=environment, init_seconds=30), upstream, 100_000)
    names = set(re.findall(r"^0x[0-9a-f]+: +(?:[0-9a-f]{2,8} +)*([a-z]\w*)", log.read_text(), re.MULTILINE))
    assert wanted & names if architecture == "x86_64" else wanted <= names
