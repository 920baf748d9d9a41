"""What the kernel closes to student code beside files and TCP, what must go on all the same, and what the report says."""

import ast

import pytest

from grading.report.confined import NOTHING, confined
from grading.sandbox.crossing import layers
from grading.sandbox.inside import seccomp
from grading.sandbox.inside.confinement import landlock_abi
from grading.verdicts import PASSED, Verdict

from .conftest import told

TASK = "ddpm.predict_x0"
has_seccomp = pytest.mark.skipif(seccomp._library() is None, reason="there is no libseccomp here")

CALLS = """
import ctypes, os, platform, socket
libc = ctypes.CDLL(None, use_errno=True)
NUMBERS = {"x86_64": 0, "aarch64": 1}
TABLE = {
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "mount": (165, 40), "keyctl": (250, 219),
    "io_uring_setup": (425, 425), "unshare": (272, 97), "bpf": (321, 280), "perf_event_open": (298, 241),
    "userfaultfd": (323, 282), "kexec_load": (246, 104), "setns": (308, 268), "chroot": (161, 51),
}

def error(call, *arguments):
    ctypes.set_errno(0)
    libc.syscall(TABLE[call][NUMBERS[platform.machine()]], *arguments)
    return ctypes.get_errno()

def opened(*kind):
    try:
        socket.socket(*kind).close()
        return 0
    except OSError as error:
        return error.errno

def reached(address):
    with socket.socket(socket.AF_UNIX) as own:
        try:
            own.connect(address)
            return 0
        except OSError as error:
            return error.errno

def predict_x0(*arguments, **named):
    found = {call: error(call, 0, 0, 0, 0, 0, 0) for call in TABLE}
    found |= {"UDP": opened(socket.AF_INET, socket.SOCK_DGRAM), "UDP6": opened(socket.AF_INET6, socket.SOCK_DGRAM)}
    found |= {"netlink": opened(socket.AF_NETLINK, socket.SOCK_RAW), "packets": opened(socket.AF_PACKET, socket.SOCK_RAW)}
    found |= {"new namespace": error("unshare", 0x10000000)}
    raise LookupError("<<" + repr(found) + ">>")
"""


def between_marks(text):
    return ast.literal_eval("".join(text[text.index("<<") + 2 : text.index(">>")]))


@has_seccomp
def test_what_no_homework_needs_is_refused(hand_in, grade):
    found = between_marks(told(grade(hand_in(ddpm=CALLS), [TASK])[TASK]))
    assert len(found) == 17 and set(found.values()) == {1}, (
        found
    )  # EPERM, before anything of the arguments is looked at


@pytest.mark.skipif(landlock_abi() < 6, reason="this kernel's Landlock does not cover abstract sockets")
def test_no_abstract_socket_outside_can_be_reached(hand_in, grade):
    import socket

    with socket.socket(socket.AF_UNIX) as server:
        server.bind("\0of-the-machine")
        server.listen()
        source = CALLS.replace(
            "found = {", "raise LookupError(f\"<<{reached(chr(0) + 'of-the-machine')}>>\")\n    found = {", 1
        )
        assert between_marks(told(grade(hand_in(ddpm=source), [TASK])[TASK])) == 1


RUNNING = """
import multiprocessing, socket, subprocess, sys, threading

def double(x, pipe):
    pipe.send(2 * x)

def predict_x0(x_t, eps, t, alphas_cumprod):
    ours, theirs = socket.socketpair()
    ours.send(b"x")
    done = []
    thread = threading.Thread(target=done.append, args=(1,))
    thread.start(), thread.join()
    fork = multiprocessing.get_context("fork")
    receiver, sender = fork.Pipe(duplex=False)
    process = fork.Process(target=double, args=(2, sender))
    process.start(), process.join()
    printed = subprocess.run([sys.executable, "-c", "import torch; print(torch.ones(2).sum().item())"],
                             capture_output=True, text=True).stdout.strip()
    raise LookupError(f"<<{[theirs.recv(1), done, receiver.recv(), printed]}>>")
"""


def test_what_homework_does_goes_on(hand_in, grade):
    """Threads, processes of its own, another interpreter with torch in it."""
    assert between_marks(told(grade(hand_in(ddpm=RUNNING), [TASK], explained=False)[TASK])) == [b"x", [1], 4, "2.0"]


def test_without_libseccomp_everything_else_holds(monkeypatch):
    monkeypatch.setattr(seccomp, "_library", lambda: None)
    assert seccomp.refuse() is False


# --- what the report says ---------------------------------------------------------------------------------------


def verdict(closed):
    return Verdict(TASK, PASSED, closed=closed)


def test_the_report_says_what_holds_and_what_does_not():
    everything = [*layers.LANDLOCK, *layers.SECCOMP]
    assert confined([verdict(None)]) == ""
    assert confined([verdict(None), verdict([])]) == NOTHING
    holds = "sandbox: Landlock (files, TCP, signals, abstract sockets), seccomp ("
    assert confined([verdict(everything)]).startswith(holds) and "not closed" not in confined([verdict(everything)])
    said = confined([verdict(everything), verdict(["files", "TCP"])])
    assert said.startswith("sandbox: Landlock (files, TCP); not closed here: signals, abstract sockets, UDP")


def test_a_grading_says_it(preloaded, hand_in, capsys):
    from grading.__main__ import main

    assert main(["grade", str(hand_in(ddpm="def predict_x0(*args):\n    return 1\n")), "--only", TASK]) == 0
    assert "sandbox" in capsys.readouterr().out
