"""System calls that no homework needs, refused by the kernel: what Landlock leaves open.

Networks other than TCP, the memory of other processes, and the kernel's own interfaces. The filter is made by
libseccomp, which knows the numbers of the calls on every architecture; most systems have it. Where it is missing
nothing is refused, and the report says so.
"""

import contextlib
import ctypes
import errno
import platform
import socket
import tempfile
from functools import cache

_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000
_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _SECCOMP_MODE_FILTER = 38, 22, 2
_INSTRUCTION = 8  # bytes
_NOT_EQUAL, _MASKED_EQUAL = 1, 7
_NEW_NAMESPACES = (0x00020000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000)  # CLONE_NEW…

_OTHER_PROCESSES = "ptrace process_vm_readv process_vm_writev process_madvise pidfd_getfd kcmp"
_MOUNTS = (
    "mount umount umount2 pivot_root chroot move_mount open_tree fsopen fsconfig fsmount fspick mount_setattr "
    "open_by_handle_at unshare setns"
)
_KERNEL = (
    "add_key request_key keyctl io_uring_setup io_uring_enter io_uring_register bpf perf_event_open userfaultfd "
    "kexec_load kexec_file_load init_module finit_module delete_module reboot swapon swapoff quotactl acct syslog "
    "settimeofday clock_settime clock_adjtime adjtimex sethostname setdomainname fanotify_init iopl ioperm vhangup"
)


class _Comparison(ctypes.Structure):
    _fields_ = [("arg", ctypes.c_uint), ("op", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64)]


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("instructions", ctypes.c_void_p)]


def refuse() -> bool:
    """Refuse these calls to this process, and to all that it starts, for good; returns whether the kernel does."""
    program = filter_program()
    if not program:
        return False
    code = ctypes.create_string_buffer(program, len(program))
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    whole = _Program(len(program) // _INSTRUCTION, ctypes.cast(code, ctypes.c_void_p))
    return libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(whole), 0, 0) == 0


@cache
def filter_program() -> bytes:
    """The filter as the kernel takes it, nothing where there is no libseccomp.

    Made once: workers find the answer that the process they are forked from has been given.
    """
    library = _library()
    calls = library.seccomp_init(_ALLOW) if library is not None else None
    if library is None or not calls:
        return b""

    def rule(name: str, error: int, *comparisons: _Comparison) -> None:
        number = library.seccomp_syscall_resolve_name(name.encode())
        array = (_Comparison * len(comparisons))(*comparisons)
        library.seccomp_rule_add_array(calls, _ERRNO | error, number, len(comparisons), array)

    try:
        for name in f"{_OTHER_PROCESSES} {_MOUNTS} {_KERNEL}".split():
            rule(name, errno.EPERM)  # one that this architecture does not have is passed over
        for name in ("socket", "socketpair"):
            rule(name, errno.EPERM, _Comparison(0, _NOT_EQUAL, socket.AF_UNIX, 0))
        for flag in _NEW_NAMESPACES:
            rule("clone", errno.EPERM, _Comparison(0, _MASKED_EQUAL, flag, flag))
        rule("clone3", errno.ENOSYS)  # its flags cannot be looked at: the C library goes on with clone
        with tempfile.TemporaryFile() as file:
            exported = library.seccomp_export_bpf(calls, file.fileno()) == 0
            file.seek(0)
            return file.read() if exported else b""
    finally:
        library.seccomp_release(calls)


def _library() -> ctypes.CDLL | None:
    if platform.system() != "Linux":
        return None
    with contextlib.suppress(OSError, AttributeError):
        library = ctypes.CDLL("libseccomp.so.2")
        library.seccomp_init.restype = ctypes.c_void_p
        library.seccomp_init.argtypes = [ctypes.c_uint32]
        library.seccomp_release.argtypes = [ctypes.c_void_p]
        library.seccomp_export_bpf.argtypes = [ctypes.c_void_p, ctypes.c_int]
        library.seccomp_rule_add_array.argtypes = [
            ctypes.c_void_p,
            ctypes.c_uint32,
            ctypes.c_int,
            ctypes.c_uint,
            ctypes.POINTER(_Comparison),
        ]
        return library
    return None
