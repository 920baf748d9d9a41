"""Code that attacks the grader: it finds no answers, reaches nobody else, and no wrong formula earns a point by it.

The attacks run inside a graded function (or while its module is imported), and report what they got by raising it:
the verdict's text then shows it. Where the kernel has no Landlock only the tests that need it are skipped.
"""

import ast
import os
import socket
import textwrap

import pytest

from grading.paths import ROOT
from grading.sandbox.inside.confinement import landlock_abi
from grading.verdicts import FAILED, NOT_GRADED, PASSED

from .conftest import PLAIN, outcomes, told

TASK, NEIGHBOUR = "ddpm.posterior_step", "ddpm.predict_x0"
HEADER = """\
import ctypes, gc, json, os, pathlib, signal, socket, struct, subprocess, sys, threading, time
import numpy, torch
from ddpm import posterior_step as right

def is_mine():
    # Whether this worker grades posterior_step: the neighbour's imports the same file.
    frame = sys._getframe()
    while frame is not None and "scratch" not in frame.f_locals:
        frame = frame.f_back
    return frame.f_locals["function"] == "posterior_step"

def each(function, things):
    # What comes of each of them, or the error that it meets.
    found = []
    for thing in things:
        try:
            found.append(repr(function(thing)))
        except BaseException as error:
            found.append(type(error).__name__)
    return found

"""
confined = pytest.mark.skipif(landlock_abi() == 0, reason="this kernel has no Landlock: files are not out of reach")
confined_network = pytest.mark.skipif(landlock_abi() < 4, reason="this kernel's Landlock does not cover TCP")
confined_signals = pytest.mark.skipif(landlock_abi() < 6, reason="this kernel's Landlock does not cover signals")


@pytest.fixture
def attack(hand_in, grade):
    """``attack(body, setup)``: the verdict on a posterior_step with this body; the neighbour passes all the same."""

    def attack(body, setup=""):
        body = textwrap.indent(textwrap.dedent(body).strip(), "    ")
        adapters = HEADER + textwrap.dedent(setup) + f"\n\ndef ddpm_posterior_step(*args, **kwargs):\n{body}\n"
        verdicts = grade(hand_in(on_top_of=PLAIN, adapters=adapters), [TASK, NEIGHBOUR])
        assert outcomes(verdicts)[NEIGHBOUR] == PASSED, told(verdicts[NEIGHBOUR])
        return verdicts[TASK]

    return attack


@pytest.fixture
def found_by(attack):
    """``found_by(expression)``: the repr of what student code gets for it, or the error that it meets."""

    def found_by(expression, setup=""):
        body = f"""
        try:
            found = repr({expression})
        except BaseException as error:
            found = type(error).__name__
        raise LookupError("<<" + found + ">>")
        """
        verdict = attack(body, setup)
        assert verdict.outcome == FAILED
        text = told(verdict)
        return text[text.index("<<") + 2 : text.index(">>")]

    return found_by


# --- what it can read -------------------------------------------------------------------------------------------


OUR_FILES = [
    "reference/ddpm.py",
    "fixtures/manifest.json",
    "fixtures/golden/ddpm.safetensors",
    "grading/checking/checks/test_ddpm.py",
    "grading/checking/points/ddpm.py",
    "grading/diagnosis/mistakes/ddpm.py",
    "grading/checking/compare.py",
    "tests/solutions/plain/ddpm.py",
    "README.md",
]


@confined
def test_no_file_of_the_grader_can_be_read(found_by):
    assert all((ROOT / path).is_file() for path in OUR_FILES)
    paths = [str(ROOT / path) for path in (*OUR_FILES, ".git/HEAD", ".git")]
    errors = ast.literal_eval(found_by(f"each(lambda path: open(path).read(1), {paths!r})"))
    assert set(errors[: len(OUR_FILES)]) == {"PermissionError"}
    assert set(errors) <= {"PermissionError", "FileNotFoundError", "NotADirectoryError", "IsADirectoryError"}


@confined
def test_the_graders_folder_cannot_be_listed(found_by):
    assert found_by(f"os.listdir({str(ROOT)!r})") == "PermissionError"
    # A file that exists and can be read from here shows that it is the confinement which keeps it out.
    assert (ROOT / "pyproject.toml").read_text(encoding="utf-8")


@confined
@pytest.mark.parametrize(
    "name",
    ["reference", "reference.ddpm", "grading.checking.checks", "grading.checking.golden", "grading.checking.compare"],
)
def test_the_answers_cannot_be_imported(name, found_by):
    setup = f"""
    import importlib

    def attempt():
        sys.meta_path[:] = [finder for finder in sys.meta_path if type(finder).__name__ != "_Hidden"]
        sys.path.insert(0, {str(ROOT)!r})
        sys.path_importer_cache.clear()
        importlib.invalidate_caches()
        return importlib.import_module({name!r})
    """
    assert found_by("attempt()", setup) in ("ModuleNotFoundError", "PermissionError", "ImportError")


def test_the_answers_are_not_in_the_process(found_by):
    """Of the grader only what crosses the boundary or stands on this side of it, under whatever name."""
    assert found_by("[n for n in sys.modules if n.startswith(('grading', 'reference', 'pytest', 'hypo'))]") == "[]"
    functions = "{str(f.__module__) for f in gc.get_objects() if type(f).__name__ == 'function'}"
    ours = "('grading', 'reference', 'pytest', '_pytest', 'hypothesis')"
    loaded = set(ast.literal_eval(found_by(f"sorted(m for m in {functions} if m.split('.')[0] in {ours})")))
    assert "grading.sandbox.inside.serve" in loaded
    rooms = ("grading.sandbox.inside.", "grading.sandbox.crossing.")
    assert {name for name in loaded if not name.startswith(rooms)} <= {"grading.sandbox.limits", "grading.paths"}
    functions = "sorted({f.__module__ for f in gc.get_objects() if type(f).__name__ == 'function' and f.__name__ in"
    found = found_by(f"{functions} ('posterior_step', 'golden_cases', 'assert_right')" + "})")
    assert "reference" not in found
    assert "grading" not in found


def test_the_seed_of_the_run_is_nowhere_in_the_process(hand_in, grade):
    """Inputs are drawn on the trusted side: neither arguments nor environment nor frames hold the seed."""
    seed = 3141592653
    body = f"""
    import gc, os, sys

    def predict_x0(*args, **kwargs):
        frame, names = sys._getframe(), []
        while frame:
            names += [k for k, v in {{**frame.f_globals, **frame.f_locals}}.items() if type(v) is int and v == {seed - 1} + 1]
            frame = frame.f_back
        text = repr(sorted(os.environ.items())) + repr(sys.argv) + repr(sys.orig_argv)
        raise LookupError(f"<<{{names}} {{str({seed - 1} + 1) in text}}>>")
    """
    verdict = grade(hand_in(ddpm=body), [NEIGHBOUR], seed=seed)[NEIGHBOUR]
    assert "<<[] False>>" in told(verdict)


@confined
@pytest.mark.parametrize("whose", ["os.getppid()", str(os.getpid())], ids=["fork_server", "grader"])
def test_no_other_process_can_be_looked_into(whose, found_by):
    for read, what in (
        ("os.readlink", ["cwd", "root", "fd/0"]),
        ("lambda path: open(path, 'rb').read(1)", ["mem", "environ", "fdinfo/0", "maps"]),
    ):
        found = found_by(f"each({read}, [f'/proc/{{{whose}}}/' + what for what in {what!r}])")
        assert set(ast.literal_eval(found)) <= {"PermissionError", "FileNotFoundError"}, found


@confined
def test_no_other_process_can_be_traced(found_by):
    assert found_by("ctypes.CDLL(None).ptrace(16, os.getppid(), 0, 0)") == "-1"


def test_no_descriptor_leads_to_the_control_channel(found_by):
    """Besides the three standard ones there is the worker's own channel, and nothing else that is open for writing."""
    setup = """
    def sockets():
        found = []
        for descriptor in range(256):
            try:
                found.append(os.readlink(f"/proc/self/fd/{descriptor}"))
            except OSError:
                pass
        return len([name for name in found if name.startswith(("socket:", "pipe:"))])
    """
    assert found_by("sockets()", setup) in ("1", "0")


def test_the_environment_holds_no_secrets(hand_in, cli):
    folder = hand_in(ddpm="import os\ndef predict_x0(*args):\n    raise LookupError(repr(sorted(os.environ)))\n")
    run = cli("grade", folder, "--only", NEIGHBOUR, GRADER_TOKEN="hunter2", AWS_SECRET="hunter3")
    assert run.returncode == 0
    assert "LookupError" in run.stdout
    assert "HOME" in run.stdout
    for secret in ("GRADER_TOKEN", "hunter", "AWS_SECRET"):
        assert secret not in run.stdout


# --- what it can reach ------------------------------------------------------------------------------------------


@confined_network
def test_no_connection_can_be_made(found_by):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert found_by(f"socket.create_connection(('127.0.0.1', {port}), 2)") == "PermissionError"


@confined_network
def test_no_connection_can_be_taken(found_by):
    assert found_by("socket.create_server(('127.0.0.1', 0))") == "PermissionError"


@confined
@pytest.mark.parametrize("where", ["ROOT", "HOME", "/tmp", "/dev/shm", "/var/tmp"])
def test_nothing_can_be_written_outside_its_own_folder(where, found_by, tmp_path):
    folder = {"ROOT": str(ROOT), "HOME": os.path.expanduser("~")}.get(where, where)
    if not os.path.isdir(folder):
        folder = str(tmp_path)
    path = os.path.join(folder, "written-by-a-submission")
    assert found_by(f"open({path!r}, 'w').write('x')") == "PermissionError"
    assert not os.path.exists(path)


@confined
def test_nothing_can_be_removed_or_changed_outside_its_own_folder(found_by, tmp_path):
    path = tmp_path / "precious.txt"
    path.write_text("precious", encoding="utf-8")
    assert found_by(f"os.remove({str(path)!r})") == "PermissionError"
    assert path.read_text(encoding="utf-8") == "precious"


@confined_signals
@pytest.mark.parametrize("whose", ["os.getppid()", str(os.getpid())], ids=["fork_server", "grader"])
def test_no_signal_reaches_the_grader(whose, found_by):
    assert found_by(f"os.kill({whose}, 0)") == "PermissionError"


def test_the_submission_itself_cannot_be_changed(attack, tmp_path):
    """A worker has a copy: what it overwrites is its own."""
    body = """
    for file in pathlib.Path(__file__).parent.rglob('*.py'):
        file.write_text('raise SystemExit')
    return right(*args, **kwargs)
    """
    assert attack(body).outcome == PASSED
    assert "SystemExit" not in (tmp_path / "handed_in" / "ddpm.py").read_text(encoding="utf-8")


def test_one_functions_files_do_not_reach_another_worker(hand_in, grade):
    """A wrong function cannot leave notes for another: each runs in a process and a folder of its own."""
    source = (PLAIN / "ddpm.py").read_text(encoding="utf-8")
    source += textwrap.dedent("""
        import os, pathlib, sys, tempfile
        _SEEN = [str(p) for folder in (pathlib.Path(__file__).parent, tempfile.gettempdir(), os.environ["HOME"])
                 for p in pathlib.Path(folder).glob("note*")]
        _predict_x0, _step = predict_x0, posterior_step

        def predict_x0(*args, **kwargs):
            for folder in (pathlib.Path(__file__).parent, tempfile.gettempdir(), os.environ["HOME"]):
                (pathlib.Path(folder) / "note").write_text("x")
            sys.modules["note"] = torch.sqrt = lambda x: x
            return args[0]

        def posterior_step(*args, **kwargs):
            if _SEEN or "note" in sys.modules:
                raise LookupError(f"found {_SEEN}")
            return _step(*args, **kwargs)
        """)
    verdicts = grade(hand_in(ddpm=source), [NEIGHBOUR, TASK])
    assert list(outcomes(verdicts).values()) == [FAILED, PASSED]


# --- forged replies ---------------------------------------------------------------------------------------------

CHANNEL = """
def channel():
    for descriptor in range(3, 256):
        try:
            found = socket.socket(fileno=os.dup(descriptor))
            if found.family == socket.AF_UNIX:
                found.setblocking(True)
                return found
        except OSError:
            pass

def frame(document, blob=b''):
    return struct.pack('>QQ', len(document), len(blob)) + document + blob

def tree(value):
    if isinstance(value, dict):
        return {'dict': {k: tree(v) for k, v in value.items()}}
    return {'list': [tree(v) for v in value]} if isinstance(value, list) else value

ok = {'result': None, 'changed': [], 'attached': False, 'grad_left': [], 'kept_graph': [], 'unfrozen': [],
      'moved_random_state': False, 'seeded': [], 'still': [], 'asked': 0, 'printed': ''}

def forged(**parts):
    return frame(json.dumps(tree(ok | parts)).encode())
"""

FORGED = {
    "nothing but zeros": "bytes(1000)",
    "noise": "os.urandom(100_000)",
    "text": "b'HTTP/1.1 200 OK\\r\\n\\r\\n' * 100",
    "an oversize header": "struct.pack('>QQ', 1 << 63, 1 << 63)",
    "a frame over the limit": "struct.pack('>QQ', (1 << 20) + 1, 0) + bytes(1 << 20)",
    "half a frame": "struct.pack('>QQ', 1000, 0) + b'{'",
    "an empty frame": "frame(b'')",
    "no object": "frame(b'[]')",
    "a number": "frame(b'1')",
    "null": "frame(b'null')",
    "not a number": "frame(b'NaN')",
    "an enormous number": "frame(b'{\"dict\": {\"result\": 1' + b'0' * 100_000 + b'}}')",
    "two tags": 'frame(b\'{"dict": {}, "list": []}\')',
    "no tag": "frame(b'{}')",
    "an unknown tag": 'frame(b\'{"pickle": "x"}\')',
    "no UTF-8": "frame(b'\\xff\\xfe\\xfa')",
    "deeply nested JSON": "frame(b'[' * 500_000)",
    "deeply nested objects": "frame(b'{\"list\":[' * 50_000 + b']}' * 50_000)",
    "pickle": "frame(b'\\x80\\x04cos\\nsystem\\n(Vexit 1\\ntR.')",
    "pickle as tensors": "frame(b'{\"tensor\": \"0\"}', b'\\x80\\x04cos\\nsystem\\n(Vexit 1\\ntR.')",
    "a tensor that is not there": 'frame(b\'{"dict": {"result": {"tensor": "7"}}}\')',
    "a safetensors header that lies": "frame(b'{\"tensor\": \"0\"}', struct.pack('<Q', 1 << 40) + b'{}')",
    "a result and nothing else": 'frame(b\'{"dict": {"result": null}}\')',
    "a result of the wrong kind": "forged(result='right')",
    "lists that are none": "forged(changed=1, grad_left='x' * 1000, kept_graph={'a': 1})",
    "gradients that are none": "forged(grads={'x_t': 'right'})",
    "gradients in a list": "forged(grads=[1, 2])",
    "a printed object": "forged(printed={'a': ['b']})",
    "a verdict": "frame(json.dumps(tree({'verdict': 'passed', 'score': 1, 'result': 'passed'})).encode())",
    "an error that is none": "frame(json.dumps(tree({'raised': 1, 'printed': ''})).encode())",
    "an error without fields": "frame(json.dumps(tree({'raised': {}, 'printed': ''})).encode())",
    "an error without printed": "frame(json.dumps(tree({'raised': {'type': 'E', 'message': '', 'frames': [], 'not_implemented': False}})).encode())",
    "frames that are none": "frame(json.dumps(tree({'raised': {'type': 'E', 'message': 'm', 'frames': [1], 'not_implemented': False}, 'printed': ''})).encode())",
    "an error with enormous fields": "frame(json.dumps(tree({'raised': {'type': 'E' * 300_000, 'message': 'm' * 300_000, 'frames': [], 'not_implemented': False}, 'printed': ''})).encode())",
    "a callback that does not exist": "frame(json.dumps(tree({'callback': 0, 'arguments': []})).encode())",
    "a negative callback": "frame(json.dumps(tree({'callback': -1, 'arguments': []})).encode())",
    "a callback with no arguments": "frame(json.dumps(tree({'callback': 'os.system'})).encode())",
    "a second load message": "frame(json.dumps(tree({'found': 'ddpm.py:1', 'confined': True})).encode())",
}


@pytest.mark.slow
@pytest.mark.parametrize("message", FORGED)
def test_a_forged_reply_neither_helps_nor_harms(message, attack, short_calls):
    """What is sent before the reply is read in its place; then the worker ends."""
    verdict = attack(f"channel().sendall({FORGED[message]})\nos._exit(0)", CHANNEL)
    assert verdict.outcome == FAILED, verdict.reason
    assert told(verdict)
    assert len(told(verdict)) < 100_000


@pytest.mark.slow
@pytest.mark.parametrize("message", FORGED)
def test_a_forged_first_message_neither_helps_nor_harms(message, attack, short_calls):
    setup = f"\nif is_mine():\n    channel().sendall({FORGED[message]})\n    os._exit(0)\n"
    verdict = attack("return None", CHANNEL + setup)
    assert verdict.outcome == FAILED, verdict.reason
    assert told(verdict)


@pytest.mark.parametrize("message", ["noise", "half a frame", "a result of the wrong kind"])
def test_forged_replies_from_a_thread_do_not_help(message, attack, short_calls):
    body = f"""
    threading.Thread(target=lambda: [channel().sendall({FORGED[message]}) for _ in range(3)]).start()
    return torch.zeros_like(args[0])
    """
    verdict = attack(body, CHANNEL)
    assert verdict.outcome == FAILED, verdict.reason


def test_replies_sent_ahead_help_nobody_and_block_nobody(attack, short_calls):
    """Replies without end to one call, and nobody who reads the next request: the grader gives up in time.

    The worker ends by itself after a while; a grader that had waited for that would tell of another end.
    """
    body = """
    from safetensors.torch import save
    threading.Timer(6, os._exit, (9,)).start()
    blob = save({'0': right(*args, **kwargs).contiguous()})
    document = json.dumps({'dict': {**tree(ok)['dict'], 'result': {'tensor': '0'}}}).encode()
    sender = channel()
    while True:
        sender.sendall(frame(document, blob))
    """
    verdict = attack(body, CHANNEL)
    assert verdict.outcome == FAILED
    assert "did not come to an end" in told(verdict)


def test_callbacks_whose_answers_nobody_reads_block_nobody(hand_in, grade, short_calls):
    adapters = (
        HEADER
        + CHANNEL
        + textwrap.dedent("""
        def guidance_guided_eps(model, x_t, t, cond, null_cond, scale):
            threading.Timer(6, os._exit, (9,)).start()
            request = frame(json.dumps({'dict': {'callback': 0, 'arguments': {'list': [1, 2, 3]},
                                                'keywords': {'dict': {}}}}).encode())
            sender = channel()
            while True:
                sender.sendall(request)
        """)
    )
    task = "guidance.guided_eps"
    verdict = grade(hand_in(on_top_of=PLAIN, adapters=adapters), [task])[task]
    assert verdict.outcome == FAILED
    assert "did not come to an end" in told(verdict)


def test_a_reply_that_trickles_in_blocks_nobody(attack, short_calls):
    body = """
    threading.Timer(6, os._exit, (9,)).start()
    sender = channel()
    sender.sendall(struct.pack('>QQ', 1 << 20, 0))
    while True:
        time.sleep(0.05)
        sender.sendall(b' ')
    """
    verdict = attack(body, CHANNEL)
    assert verdict.outcome == FAILED
    assert "did not come to an end" in told(verdict)


# --- trusted code replaced in the worker ------------------------------------------------------------------------

REPLACED = {
    "perform": "calls.perform = lambda *a, **k: {'result': 'passed', **empty}",
    "perform, with the input as the result": "calls.perform = lambda f, p, a, c, remote=None: {'result': a['x0'], **empty}",
    "outgoing": "calls.outgoing = lambda value, depth=0: None",
    "outgoing, raising": "calls.outgoing = None",
    "the comparison of arguments": "calls._same = lambda *a: True",
    "describe_error": "calls.describe_error = lambda *a: {'type': '', 'not_implemented': True, 'message': '', 'frames': []}",
    "torch.equal": "torch.equal = lambda *a: True",
    "== of tensors": "torch.Tensor.__eq__ = lambda *a: True",
    "<= of tensors": "torch.Tensor.__le__ = lambda *a: torch.tensor(True)",
    "abs of tensors": "torch.Tensor.abs = lambda self: self * 0",
    "the shape of tensors": "torch.Tensor.shape = (1,)",
    "allclose": "torch.allclose = numpy.allclose = lambda *a, **k: True",
    "safetensors' save": "import safetensors.torch\nsafetensors.torch.save = lambda tensors: b''",
    "safetensors' load": "import safetensors.torch\nsafetensors.torch.load = lambda blob: {}",
    "wire.send": "wire.send = lambda *a: None",
    "wire.send, to a loop": "wire.send = lambda channel, message: channel.sendall(b'x' * 1_000_000)",
    "wire.pack": "wire.pack = lambda value, tensors: None",
    "wire's limits": "limits.MESSAGE_JSON = limits.MESSAGE_BLOB = 1 << 60",
    "json": "json.dumps = lambda *a, **k: 'true'",
    "AssertionError": "import builtins\nbuiltins.AssertionError = type('Quiet', (Exception,), {})",
    "os._exit": "os._exit = lambda code: None",
}


@pytest.mark.parametrize("what", REPLACED)
@pytest.mark.parametrize("when", [pytest.param("import", marks=pytest.mark.slow), "call"])
def test_replacing_trusted_code_earns_nothing(what, when, attack, short_calls):
    setup = """
    def server():
        frame = sys._getframe()
        while "confinement" not in frame.f_globals:
            frame = frame.f_back
        return frame.f_globals

    calls, wire, limits = (server()[name] for name in ("calls", "wire", "limits"))
    empty = {'changed': [], 'attached': False, 'grad_left': [], 'kept_graph': [], 'unfrozen': [], 'moved_random_state': False, 'seeded': [], 'still': [], 'asked': 0}
    """
    setup = textwrap.dedent(setup) + f"def replace():\n{textwrap.indent(REPLACED[what], '    ')}\n"
    body = "return args[1] * 0.5"
    if when == "import":
        setup += "if is_mine():\n    replace()\n"
    else:
        body = f"if not replaced:\n    replaced.append(1)\n    replace()\n{body}"
        setup += "replaced = []\n"
    verdict = attack(body, setup)
    assert verdict.outcome != PASSED
    assert verdict.outcome != NOT_GRADED, verdict.reason


# --- everything at once -----------------------------------------------------------------------------------------


def test_a_fork_bomb_of_threads_costs_its_own_function(attack, short_calls):
    body = """
    for _ in range(2000):
        threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()
    return None
    """
    assert attack(body).outcome == FAILED


def test_memory_without_end_costs_its_own_function(attack, short_calls):
    verdict = attack("hoard = []\nwhile True: hoard.append(numpy.empty(1 << 28, dtype='u1'))")
    assert verdict.outcome == FAILED
    assert "MemoryError" in told(verdict) or "ended the process" in told(verdict)


def test_a_disk_full_of_rubbish_is_refused_and_removed(attack, fork_server):
    body = """
    with open('rubbish', 'wb') as file:
        for _ in range(200):
            file.write(bytes(1 << 20))
    return None
    """
    verdict = attack(body)
    assert verdict.outcome == FAILED
    assert not any(fork_server.scratch.iterdir())
