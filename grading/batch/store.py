"""What is kept of each hand-in below ``OUT/submissions/KEY/``.

``results.json`` is as ``grade --json`` writes it, ``page.html`` as ``grade --html`` does. ``staff.json`` is for staff alone: by
what a mistake is known again. ``hand-in.json`` says whose it is, what came of it, and the digest of all that decided that; it
is written last and in one step, and names the digests of the first and the third. Where anything does not fit there is no
result: it is graded again.
"""

import contextlib
import dataclasses
import fcntl
import hashlib
import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..blackout import throughout
from ..report import files, gradescope, staff
from ..report.quoted import quoted
from ..report.results import Results, replay
from ..submissions import Submission
from ..submissions.folder import shown
from ..verdicts import Unusable
from .hand_in import HandIn
from .wanted import Wanted

GRADED, UNUSABLE, NOT_GRADED = "graded", "unusable", "not graded"
RESULTS, STAFF, PAGE, RECORD = "results.json", "staff.json", "page.html", "hand-in.json"
_KEPT = (("results", RESULTS), ("staff", STAFF))  # of what is graded
_OTHERS_ENDING = 5.0  # seconds in which processes of a run that was killed come to their end


class Store:
    def __init__(self, out: Path) -> None:
        self.out = out

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """For one run at a time."""
        until = time.monotonic() + _OTHERS_ENDING
        with (self.out / ".lock").open("w") as file:
            while True:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except OSError:
                    if time.monotonic() > until:
                        raise Unusable(f"--out {self.out}: another run is writing into it") from None
                    time.sleep(0.1)
            yield

    @contextlib.contextmanager
    def unpacking(self) -> Iterator[Path]:
        """Where an archive of hand-ins is unpacked; what a run that was killed has left there is gone."""
        place = self.out / ".hand-ins"
        shutil.rmtree(place, ignore_errors=True)
        try:
            yield place
        finally:
            shutil.rmtree(place, ignore_errors=True)

    def seed(self) -> int | None:
        """The seed that this class was graded with."""
        path = self.out / "run.json"
        try:
            return int(json.loads(path.read_text(encoding="utf-8"))["seed"])
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise Unusable(f"{path}: expected the class's seed ({error}); delete it or give --seed N") from None

    def keep_seed(self, seed: int) -> None:
        gradescope.write(self.out / "run.json", {"seed": seed})

    # --- what is there ------------------------------------------------------------------------------------------

    def folder(self, key: str) -> Path:
        return self.out / "submissions" / key

    def record(self, key: str) -> dict[str, Any] | None:
        """What came of a hand-in; None where nothing whole is there."""
        try:
            record = json.loads((self.folder(key) / RECORD).read_text(encoding="utf-8"))
            came = record["came"]
            graded = came["state"] == GRADED
            whole = all(came[kind] == (_digest(self.folder(key) / file) if graded else "") for kind, file in _KEPT)
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return record if whole else None

    def results(self, key: str) -> dict[str, Any]:
        return json.loads((self.folder(key) / RESULTS).read_text(encoding="utf-8"))

    def for_staff(self, key: str) -> dict[str, Any]:
        return json.loads((self.folder(key) / STAFF).read_text(encoding="utf-8"))

    def is_done(self, key: str, digest: str, deadline: float) -> bool:
        """Whether the result stands: another run would give the same. What the grader was at fault in is tried again."""
        record = self.record(key)
        if record is None or record["came"]["digest"] != digest:
            return False
        came = record["came"]
        more_time = came["out_of_time"] and deadline > came["deadline"]
        return came["state"] != NOT_GRADED and not came["not_graded"] and not more_time

    # --- what is put there --------------------------------------------------------------------------------------

    def put(self, hand_in: HandIn, digest: str, wanted: Wanted, results: Results, submission: Submission) -> None:
        """Keep a result. Whatever else is made of a submission while it is open is made here."""
        folder = self.folder(hand_in.key)
        folder.mkdir(parents=True, exist_ok=True)
        no_page = self._put_page(hand_in, wanted, results, submission)
        gradescope.write(folder / RESULTS, results.document())
        gradescope.write(folder / STAFF, staff.document(results.verdicts, submission.folder))
        came = _came(GRADED, digest, "") | {
            **{kind: _digest(folder / file) for kind, file in _KEPT},
            "not_graded": results.not_graded,
            "out_of_time": results.out_of_time,
            "deadline": wanted.deadline,
            "no_page": no_page,
        }
        self._write(hand_in, came)

    def _put_page(self, hand_in: HandIn, wanted: Wanted, results: Results, submission: Submission) -> str:
        """Why there is none, if so: nobody's verdicts are lost by a page."""
        path = self.folder(hand_in.key) / PAGE
        path.unlink(missing_ok=True)
        again = replay(submission, wanted.course, wanted.kit, wanted.only, results.seed)
        try:
            files.write(path, results.page(submission, again, name=hand_in.name))
        except Exception as error:
            return f"{type(error).__name__}: {error}"
        return ""

    def put_reason(self, hand_in: HandIn, digest: str, state: str, reason: str) -> None:
        """Keep why there is no result."""
        for name in (RESULTS, STAFF, PAGE):
            (self.folder(hand_in.key) / name).unlink(missing_ok=True)
        self._write(hand_in, _came(state, digest, reason))

    def copy(self, key: str, hand_in: HandIn) -> None:
        """Keep for a hand-in what came of one that is the same to the byte; whose it is may have changed since.

        Not its page: another one's name stands on it.
        """
        first, own = self.record(key), self.record(hand_in.key)
        assert first is not None
        if own is None or own["came"] != first["came"]:
            shutil.rmtree(self.folder(hand_in.key), ignore_errors=True)
            shutil.copytree(self.folder(key), self.folder(hand_in.key), ignore=shutil.ignore_patterns(RECORD, PAGE))
        if own != _record(hand_in, first["came"]):
            self._write(hand_in, first["came"])

    def _write(self, hand_in: HandIn, came: dict[str, Any]) -> None:
        folder = self.folder(hand_in.key)
        folder.mkdir(parents=True, exist_ok=True)
        gradescope.write(folder / RECORD, _record(hand_in, came))


def _came(state: str, digest: str, reason: str) -> dict[str, Any]:
    kept = {"state": state, "reason": quoted(reason), "digest": digest, "results": "", "staff": ""}
    return kept | {"not_graded": [], "out_of_time": False, "deadline": 0.0, "no_page": ""}


def _record(hand_in: HandIn, came: dict[str, Any]) -> dict[str, Any]:
    told = dataclasses.asdict(hand_in)
    told["files"] = list(hand_in.files.values())
    del told["problem"]  # it is what came of it
    return json.loads(json.dumps(throughout(quoted(told), shown) | {"came": came}))


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
