"""Built once more, libraries and all, in another folder, under other circumstances: the same bytes."""

import os
import shutil
import subprocess

import machine

# What a build starts from besides the sources in git, and may as well be taken as it is: downloads, and what is installed.
GIVEN = ["build/setup", "build/deps", "build/layer/deps/sources"]
RESULTS = ["countersign-x86_64.zip", "countersign-arm64.zip", "countersign.cdx.json", "SHA256SUMS"]


def copy(folder):
    """The tree without what was built, and files only as old as the copy, so that nothing is taken for done."""
    left_out = shutil.ignore_patterns("build", ".git", "__pycache__")
    shutil.copytree(machine.ROOT, folder, ignore=left_out, copy_function=shutil.copyfile)
    for path in folder.rglob("*"):
        original = machine.ROOT / path.relative_to(folder)
        path.chmod(original.stat().st_mode & 0o700)
    for name in GIVEN:
        shutil.copytree(machine.ROOT / name, folder / name)
        for path in (folder / name).rglob("*"):
            os.utime(path)


def test_a_second_build_in_another_folder_is_the_same(tmp_path):
    folder = tmp_path / "a-folder-of-another-name" / "countersign"
    copy(folder)
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "TZ": "Asia/Kathmandu", "LC_ALL": "C", "LANG": "tr_TR",
                   "USER": "somebody-else"}
    log = tmp_path / "log"
    with open(log, "wb") as output:
        done = subprocess.run(["nice", "-n", "19", "make", "layer"], cwd=folder, env=environment, umask=0o077, timeout=870,
                              stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)
    assert done.returncode == 0, log.read_text(errors="replace")[-4000:]
    assert "OpenSSL for arm64" in log.read_text(errors="replace")
    different = [name for name in RESULTS
                 if (folder / "build/layer" / name).read_bytes() != (machine.LAYER / name).read_bytes()]
    assert different == []
