"""A network of the test's own, with addresses that the machine must not have: Linux's network namespaces."""

import ctypes
import fcntl
import os
import socket
import struct
import threading

CLONE_NEWNET = 0x40000000
SIOCSIFFLAGS, SIOCSIFADDR = 0x8914, 0x8916
IFF_UP = 1


def _enter(addresses):
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNET) != 0:
        why = os.strerror(ctypes.get_errno())
        raise AssertionError(f"this test makes a network of its own (unshare) and may not: {why}. Run it as root, in a "
                             "container with CAP_SYS_ADMIN")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", IFF_UP))
        for number, address in enumerate(addresses):
            own = struct.pack("=H", socket.AF_INET) + bytes(2) + socket.inet_aton(address) + bytes(8)
            fcntl.ioctl(control, SIOCSIFADDR, struct.pack("16s16s8x", f"lo:{number}".encode(), own))


def in_namespace(addresses, work):
    """work() in a thread whose network is a loopback with these addresses too, as is that of all it starts."""
    problems = []

    def body():
        try:
            _enter(addresses)
            work()
        except BaseException as problem:
            problems.append(problem)

    thread = threading.Thread(target=body)
    thread.start()
    thread.join()
    if problems:
        raise problems[0]
