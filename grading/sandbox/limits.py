"""Every bound on what a submission may take: time, size and number.

They are read as ``limits.NAME`` where they are used, so that there is one place to change one.
"""

import os

# What is handed in. A data set or a checkpoint among the files is a mistake, and every worker gets a copy.
SUBMISSION_BYTES = 100 << 20
SUBMISSION_DEPTH = 50  # of folders in folders
ARCHIVE_FILES = 5_000  # in archives; a course's whole kit has a few hundred
ARCHIVE_DEPTH = 3  # of archives in archives
NOTEBOOK_BYTES = 50 << 20  # pictures included
SOURCE_BYTES = 1 << 20  # of one file that is looked through for definitions; a longer one is data
SOURCES_BYTES = 8 << 20  # of all of them

# A class in one archive; each of its files may be as large as a submission.
CLASS_BYTES = 16 << 30
CLASS_FILES = 200_000

SUBMISSION_SECONDS = 300  # of wall clock, for all of it; what is not graded by then is not graded

# A worker's process.
WORKER_MEMORY = 6 << 30  # bytes of address space; torch on a CPU takes 0.8 GB
WORKER_FILE = 64 << 20  # bytes of one file that it writes
PRINTED = 2_000  # characters of the student's output that are kept

# A call, in seconds of processor time.
CALL_SECONDS = 10.0  # a slow, correct loop over pixels takes two or three
IMPORT_SECONDS = 20.0
SAYING_WHERE = 0.5  # by the wall clock, for a worker whose time is over to say itself which loop it is in
IDLE = 2  # it may do nothing, such as sleep, for this many times the limit
PATIENCE = 8  # wall clock may be this many times the limit where a busy machine lets it wait, and no more
ANSWERING = 20  # all answers of our own to one call may take this many times the limit
CALLBACKS = 20_000  # per call; a sampler needs a few dozen
KEPT_GRAPHS = 256  # of functions that stay on our side; a sampler needs its last one, a line search a few

# A call of a function that is lent, whose answer is computed on our side.
LENT_ELEMENTS = 100_000  # of a tensor among its arguments; the largest graded batch has three quarters of that
LENT_STEPS = 1_000  # of a chain
LENT_NUMBER = 10_000  # such as how many codes are averaged
LENT_GRAPHS = 32  # kept for gradients; a sampler needs its last one

# After a check has failed.
FAILED_CALLS = 80  # for finding out what else does; a count, so that a slow machine finds the same
MOST_PATIENCE = 4  # wall clock may be this many times what it is on an idle machine

# A message.
MESSAGE_JSON = 1 << 20  # bytes; a reply holds a few shapes and strings
MESSAGE_BLOB = 1 << 26  # bytes; the largest graded image has a few thousand elements
TEXT = 2_000  # characters of one string
ITEMS = 10_000  # of one list
LOOK_EVERY = 0.25  # seconds between two looks at the clock while waiting

# A diagnosis: what is asked once the verdict stands. Counts, so that the words do not depend on the machine's speed.
DIAGNOSED_CALLS = 120  # replayed for each candidate; all checks of a function make about as many
READING_TRIES = 20_000  # questions and comparisons of reading back
DIAGNOSIS_SECONDS = 120.0  # of wall clock, on a machine that is not shared; for what is very slow, most take a second

# A repair: edits of the student's code, tried in its worker. All are numbers of tries, so that it ends the same anywhere.
REPAIR_EDITS = 700  # single ones, each on a cheap call; fewer where the call is long
REPAIR_EDITS_BY_CHECKS = 400  # … where a whole check is asked, divided by the calls that it takes; slow ones count
REPAIR_CALLS = 3  # failing calls that an edit has to mend before any check is asked
REPAIR_PAIRED = 500  # single edits that pairs are made of; fewer where the other calls are long
REPAIR_PAIRS = 60  # pairs that are tried
REPAIR_AFTER = 0.35  # tries of two edits one after the other, as a part of those of single ones
REPAIR_PROOFS = 4  # edits of which all checks are asked
REPAIR_PROVING = 100  # calls by which no further one is asked, where there is a proof; slow ones count several times
REPAIR_WORKERS = 3  # that edited code may bring down
REPAIR_CALLBACKS = 300  # of one call of edited code: a loop without an end is seen by them; the longest chain needs 64
REPAIR_TURNS = 2_000  # of a while loop in edited code; a table has 1000 entries
REPAIR_CALL_SECONDS = 0.5  # for one call of edited code
REPAIR_SLOW_CALL_SECONDS = 2.0  # … where a network is trained, or a search made

# A smoke run.
PICTURES_SECONDS = 120.0  # of a submission's page; what would come later is left out
SMALL_PICTURE_SECONDS = 20.0  # a call of one that takes a second
PICTURE_SECONDS = 60.0  # a call of a sampler waits for the network a hundred times


def patience() -> float:
    """How many processes share a processor here, within limits: how much longer by the wall clock everything takes."""
    try:
        load = os.getloadavg()[0]
    except (AttributeError, OSError):  # there is none to be had
        load = 0.0
    return min(max(1.0, load / (os.cpu_count() or 1)), MOST_PATIENCE)
