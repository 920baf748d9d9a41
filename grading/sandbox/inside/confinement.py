"""What a worker may touch, enforced by the kernel before the first line of student code runs.

On Linux, Landlock leaves the interpreter's own files readable and one scratch folder writable; everything else (the
reference, the fixtures, home folders, the grader's memory, TCP) is out of reach, without root and without a
container. Beside it ``seccomp`` refuses what Landlock does not know. Elsewhere only the resource limits hold, and the
report says so.
"""

import contextlib
import ctypes
import os
import platform
import resource
import site
import struct
import sys
import sysconfig
from collections.abc import Collection, Iterable
from functools import cache
from pathlib import Path

from ...paths import INSTALLED, ROOT, SECRET
from .. import limits
from ..crossing import layers
from . import seccomp

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # the same numbers on every architecture
_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER, _PR_SET_NO_NEW_PRIVS = 1, 36, 38
_SIGKILL = 9

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1, 2, 4, 8
_READ = _EXECUTE | _READ_FILE | _READ_DIR
_FILE_RIGHTS = _EXECUTE | _WRITE_FILE | _READ_FILE | 1 << 14 | 1 << 15  # those a rule on a single file may carry
_RIGHTS_BY_ABI = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}  # number of file-system rights each ABI knows; later: as 5

_libc = ctypes.CDLL(None, use_errno=True) if platform.system() == "Linux" else None


def landlock_abi() -> int:
    """The kernel's Landlock version, 0 where there is none."""
    return max(0, _libc.syscall(_CREATE_RULESET, None, 0, 1)) if _libc else 0


def limit_resources() -> None:
    """Bounds that keep one submission from taking the machine down; the time limit is the grader's."""
    for name, value in (("RLIMIT_AS", limits.WORKER_MEMORY), ("RLIMIT_FSIZE", limits.WORKER_FILE), ("RLIMIT_CORE", 0)):
        kind = getattr(resource, name, None)
        if kind is not None:
            hard = resource.getrlimit(kind)[1]
            soft = value if hard == resource.RLIM_INFINITY else min(value, hard)
            with contextlib.suppress(ValueError, OSError):  # macOS refuses RLIMIT_AS; the time limit still holds
                resource.setrlimit(kind, (soft, soft))


def adopt_orphans() -> None:
    """Become the parent of what workers leave behind in sessions of their own, so that it can be ended."""
    if _libc:
        _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def die_with_parent() -> None:
    if _libc:
        _libc.prctl(_PR_SET_PDEATHSIG, _SIGKILL, 0, 0, 0)


def confine(scratch: Path, refused: Collection[Path] = ()) -> list[str]:
    """Restrict this process for good; returns what is closed to it now, in the words of ``layers``.

    What lies at a ``refused`` path is not to be read either.
    """
    closed = _landlocked(scratch, refused)
    return [*closed, *(layers.SECCOMP if seccomp.refuse() else ())]


def _landlocked(scratch: Path, refused: Collection[Path]) -> tuple[str, ...]:
    abi = landlock_abi()
    if not _libc or abi == 0:
        return ()
    rights = (1 << _RIGHTS_BY_ABI.get(abi, 16)) - 1
    # struct landlock_ruleset_attr: file-system rights, TCP bind and connect, scopes (abstract sockets, signals).
    attributes = struct.pack("=QQQ", rights, 3 if abi >= 4 else 0, 3 if abi >= 6 else 0)
    size = 24 if abi >= 6 else 16 if abi >= 4 else 8
    ruleset = _libc.syscall(_CREATE_RULESET, attributes, size, 0)
    if ruleset < 0:
        return ()
    # Of the processes only this one: others' environments and memory maps are nobody's business.
    own = (Path("/proc") / name for name in (str(os.getpid()), "cpuinfo", "meminfo", "stat", "filesystems", "sys"))
    for path in (*_without(refused, libraries()), *own):
        _allow(ruleset, path, _READ & rights)
    for above in {above for path in refused for above in path.parents}:  # imports list them; their names are no secret
        if any(folder in (above, *above.parents) for folder in libraries()):
            _allow(ruleset, above, _READ_DIR & rights)
    if INSTALLED:  # imports list the folder of all libraries; its names are no secret
        _allow(ruleset, ROOT, _READ_DIR & rights)
    for device in ("/dev/null", "/dev/zero", "/dev/urandom", "/dev/random"):
        _allow(ruleset, Path(device), (_READ_FILE | _WRITE_FILE) & rights)
    _allow(ruleset, scratch, rights)
    _libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    done = _libc.syscall(_RESTRICT_SELF, ruleset, 0) == 0
    os.close(ruleset)
    return layers.LANDLOCK[: 4 if abi >= 6 else 2 if abi >= 4 else 1] if done else ()


@cache
def libraries() -> frozenset[Path]:
    """The interpreter, its libraries and what the system's C library reads; never the grader's own folder.

    Workers find the answer that the process they are forked from has been given.
    """
    paths = {*sysconfig.get_paths().values(), *sys.path, *site.getsitepackages(), sys.prefix, sys.base_prefix}
    paths |= {"/usr/lib", "/usr/lib64", "/lib", "/lib64", "/usr/share", "/etc", "/sys"}
    folders = {Path(path).resolve() for path in paths if path}
    found = [folder for folder in folders if folder.exists()]
    if not INSTALLED:  # a checkout's parents are left out as a whole
        return frozenset(folder for folder in found if not any(folder in (one, *one.parents) for one in SECRET))
    return frozenset(_without(SECRET, found))


def _without(refused: Collection[Path], paths: Iterable[Path]) -> list[Path]:
    """These paths, or the parts of them that are not refused: everything beside those is allowed, piece by piece.

    What is refused may lie among the libraries that student code needs, as an installed grader does.
    """
    if not refused:
        return list(paths)
    kept: list[Path] = []
    for path in paths:
        real = path.resolve()
        if real in refused:
            continue
        if not any(real in one.parents for one in refused):
            kept.append(path)
            continue
        down = [child for child in real.iterdir() if child.resolve() not in (real, *real.parents)]  # a link may lead up
        kept += _without(refused, down)
    return kept


def _allow(ruleset: int, path: Path, rights: int) -> None:
    assert _libc is not None
    try:
        handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    if not path.is_dir():
        rights &= _FILE_RIGHTS
    # struct landlock_path_beneath_attr is packed: rights, then the folder's descriptor.
    _libc.syscall(_ADD_RULE, ruleset, 1, struct.pack("=Qi", rights, handle), 0)
    os.close(handle)
