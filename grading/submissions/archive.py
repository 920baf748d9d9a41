"""A handed-in .zip, .tar or .tar.gz, unpacked without trusting a word of it.

Only folders and plain files are written, each of them new, and no link is there meanwhile: a name without ``..`` cannot
lead out then. Links are made last, and only those that stay inside. Bytes are counted as they come out, whatever a
header says, and an archive with one wrong entry is refused as a whole, with the name of that entry.
"""

import gzip
import os
import re
import stat
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from ..sandbox import limits
from ..verdicts import GraderFault, Unusable
from .folder import OURS, is_ignored, shown

ZIP, TAR, GZIP = "zip", "tar", "gz"
_BEGINNINGS = {b"PK\x03\x04": ZIP, b"PK\x05\x06": ZIP, b"\x1f\x8b": GZIP}
_OTHERS = {b"Rar!": ".rar", b"7z\xbc\xaf": ".7z", b"\xfd7zXZ": ".xz", b"BZh": ".bz2", b"\x28\xb5\x2f\xfd": ".zst"}
_TAKEN = 1 << 18  # bytes at a time
_LINK = 4_000  # bytes of where a link leads
_FILE, _FOLDER, _SYMLINK, _HARD_LINK = "file", "folder", "symbolic link", "hard link"


class Room:
    """What may still come out of archives, those in archives included, and of notebooks."""

    def __init__(self, most_bytes: int | None = None, most_files: int | None = None) -> None:
        self.most_bytes = limits.SUBMISSION_BYTES if most_bytes is None else most_bytes
        self.most_files = limits.ARCHIVE_FILES if most_files is None else most_files
        self.bytes, self.files = self.most_bytes, self.most_files

    def take(self, size: int) -> None:
        self.bytes -= size
        if self.bytes < 0:
            raise Unusable(self.too_much())

    def take_file(self) -> None:
        self.files -= 1
        if self.files < 0:
            raise Unusable(f"more than {self.most_files} files are in it")

    def too_much(self) -> str:
        return f"more than {self.most_bytes >> 20} MB come out of it; leave out data sets and checkpoints"


@dataclass
class _Entry:
    name: str
    kind: str
    read: Callable[[], IO[bytes]] | None = None
    leads_to: str = ""


def kind(path: Path) -> str:
    """What kind of archive a file is by its first bytes; nothing for any other file. :class:`Unusable`: one that is not read here."""
    with path.open("rb") as file:
        begins = file.read(512)
    for beginning, other in _OTHERS.items():
        if begins.startswith(beginning):
            raise Unusable(f"a {other} file is not unpacked here: expected a .zip or a .tar.gz")
    if begins[257:262] == b"ustar":
        return TAR
    return next((kind for beginning, kind in _BEGINNINGS.items() if begins.startswith(beginning)), "")


Refuse = Callable[[str, str], None]  # is told an entry's name, and why it was not unpacked


def unpack(source: Path, target: Path, room: Room, refuse: Refuse | None = None) -> list[str]:
    """Unpack an archive into a new folder; what was left out, and why.

    One wrong entry is the end of it, unless there is somebody to ``refuse`` it by itself: in an archive of many people's
    files one of them costs nobody else anything.
    """
    notes: list[str] = []
    entry = None
    target.mkdir(parents=True)
    try:
        what, links = kind(source), list[_Entry]()
        with source.open("rb") as file:
            for entry in _zip(file) if what == ZIP else _tar(file, what, room):
                if refuse is None:
                    _unpack(entry, target, room, links, notes)
                else:
                    _unpack_or_refuse(entry, target, room, notes, refuse)
            entry = None
            _link(links, target, notes)
    except Unusable as why:
        raise Unusable(f"{shown(entry.name)}: {why}" if entry is not None else str(why)) from None
    except Exception as error:  # a reader of archives that is fed nonsense may raise anything
        if isinstance(error, OSError) and error.errno in OURS:
            raise GraderFault(f"{source.name} cannot be unpacked: {error.strerror}") from error
        near = f", at or after {shown(entry.name)}" if entry is not None else ""
        raise Unusable(
            f"it is damaged, cut off or no archive{near} ({shown(str(error)) or type(error).__name__})"
        ) from None
    return notes


# --- what is in it ----------------------------------------------------------------------------------------------


def _zip(file: IO[bytes]) -> Iterator[_Entry]:
    with zipfile.ZipFile(file) as archive:
        for info in archive.infolist():
            name = _zip_name(info)
            mode = info.external_attr >> 16 if info.create_system == 3 else 0
            kind = _FOLDER if info.is_dir() or name.endswith("/") else _kind_of(stat.S_IFMT(mode) or stat.S_IFREG)

            def read(info: zipfile.ZipInfo = info) -> IO[bytes]:
                if info.flag_bits & 1:
                    raise Unusable("it is encrypted: expected an archive without a password")
                if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                    raise Unusable("it is compressed in a way that is not read here: expected an ordinary .zip")
                return archive.open(info)

            leads_to = read().read(_LINK).decode("utf-8", "surrogateescape") if kind == _SYMLINK else ""
            yield _Entry(name, kind, read, leads_to)


def _zip_name(info: zipfile.ZipInfo) -> str:
    """Old Windows programs write backslashes, and macOS UTF-8 without saying so."""
    name = info.filename
    if not info.flag_bits & 0x800:
        try:
            name = name.encode("cp437").decode("utf-8")
        except UnicodeError:
            name = info.filename
    return name.replace("\\", "/")


def _tar(file: IO[bytes], kind: str, room: Room) -> Iterator[_Entry]:
    stream: Any = gzip.GzipFile(fileobj=file) if kind == GZIP else file
    counted = _Counted(stream, room)
    with tarfile.open(fileobj=counted, mode="r|", encoding="utf-8", errors="replace") as archive:  # type: ignore[call-overload]
        for member in archive:
            kind = {tarfile.SYMTYPE: _SYMLINK, tarfile.LNKTYPE: _HARD_LINK, tarfile.DIRTYPE: _FOLDER}.get(
                member.type, _FILE if member.isreg() else "device or pipe"
            )

            def read(member: tarfile.TarInfo = member) -> IO[bytes]:
                content = archive.extractfile(member)
                assert content is not None
                return content

            yield _Entry(member.name, kind, read, member.linkname)
            archive.members.clear()  # type: ignore[attr-defined]  # of a million there shall not be a list
    while counted.read(_TAKEN):  # the checksum stands at the end
        pass


class _Counted:
    """A stream of which no more is read than there is room for, whether anything is made of it or not."""

    def __init__(self, stream: IO[bytes], room: Room) -> None:
        self.stream, self.room = stream, room
        self.left = room.bytes + (room.most_files << 10)  # names and padding besides

    def read(self, size: int = -1) -> bytes:
        read = self.stream.read(size)
        self.left -= len(read)
        if self.left < 0:
            raise Unusable(self.room.too_much())
        return read


def _kind_of(mode: int) -> str:
    return {stat.S_IFREG: _FILE, stat.S_IFDIR: _FOLDER, stat.S_IFLNK: _SYMLINK}.get(mode, "device or pipe")


# --- what is made of it -----------------------------------------------------------------------------------------


def _unpack(entry: _Entry, target: Path, room: Room, links: list[_Entry], notes: list[str]) -> None:
    parts = _inside(entry.name)
    if not parts or any(map(is_ignored, parts)):
        return
    room.take_file()
    if entry.kind not in (_FILE, _FOLDER, _SYMLINK, _HARD_LINK):
        raise Unusable(f"it is a {entry.kind}, no file")
    place = target.joinpath(*parts)
    try:
        (place if entry.kind == _FOLDER else place.parent).mkdir(parents=True, exist_ok=True)
        if entry.kind == _FILE:
            assert entry.read is not None
            with entry.read() as content:
                _write(content, place, room)
        elif entry.kind == _HARD_LINK:
            first = target.joinpath(*_inside(entry.leads_to, "it is a link that leads out of the archive"))
            if first.is_file():
                with first.open("rb") as content:
                    _write(content, place, room)
            else:
                notes.append(f"{shown(entry.name)} leads to nothing: it was left out")
        elif entry.kind == _SYMLINK:
            links.append(entry)
    except (FileExistsError, NotADirectoryError):
        raise Unusable("there are two entries of this name") from None


def _unpack_or_refuse(entry: _Entry, target: Path, room: Room, notes: list[str], refuse: Refuse) -> None:
    """One entry, with no more room than one hand-in has. What is wrong with it is told."""
    own, links = Room(min(room.bytes, limits.SUBMISSION_BYTES), 1), list[_Entry]()
    try:
        room.take_file()
        _unpack(entry, target, own, links, notes)
        room.take(own.most_bytes - own.bytes)
        if links:
            refuse(entry.name, "it is a link: none is followed here")
    except Unusable as why:
        refuse(entry.name, str(why))
    except Exception as error:  # as in ``unpack``
        if isinstance(error, OSError) and error.errno in OURS:
            raise
        refuse(entry.name, (isinstance(error, OSError) and error.strerror) or f"it is damaged ({shown(str(error))})")


def _inside(name: str, out: str = "its name leads out of the archive") -> list[str]:
    """The parts of a name, in which nothing goes up or begins elsewhere."""
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if name.startswith("/") or ".." in parts or re.match(r"[A-Za-z]:", name) or "\0" in name:
        raise Unusable(out)
    if len(parts) > limits.SUBMISSION_DEPTH:
        raise Unusable("it is nested too deeply")
    return parts


def _write(content: IO[bytes], place: Path, room: Room) -> None:
    with place.open("xb") as file:
        try:
            while taken := content.read(_TAKEN):
                room.take(len(taken))
                file.write(taken)
        except BaseException:  # half of a file is none
            place.unlink()
            raise


def _link(links: list[_Entry], target: Path, notes: list[str]) -> None:
    """Symbolic links, once everything else is there. All are made before any is looked at: one may lead to another."""
    places = [(entry, target.joinpath(*_inside(entry.name))) for entry in links]
    for entry, place in places:
        _make_link(entry, place)
    root = os.path.realpath(target)
    leads = [(entry, place, os.path.realpath(place)) for entry, place in places]
    for entry, _, real in leads:
        if os.path.commonpath([real, root]) != root:
            raise Unusable(f"{shown(entry.name)}: it is a link that leads out of the archive")
    for entry, place, real in leads:
        place.unlink()
        if os.path.exists(real) and not os.path.islink(real):
            os.symlink(os.path.relpath(real, os.path.realpath(place.parent)), place)
        else:
            notes.append(f"{shown(entry.name)} leads to nothing: it was left out")


def _make_link(entry: _Entry, place: Path) -> None:
    try:
        os.symlink(entry.leads_to, place)
    except (OSError, ValueError):
        raise Unusable(f"{shown(entry.name)}: there are two entries of this name, or it leads nowhere") from None
