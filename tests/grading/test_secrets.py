"""What looks like a credential in a submission stands in no report; ordinary code is quoted as it is."""

import io
import json

import pytest
from rich.console import Console

from grading import seeds
from grading.__main__ import main
from grading.blackout import BLACK, blacked_out
from grading.contract import courses
from grading.paths import ROOT
from grading.report import gradescope, rows, terminal
from grading.verdicts import FAILED, CheckResult, Failure, Finding, Repair, Verdict

from .conftest import PLAIN, SOLUTIONS
from .containers import zipped

# Put together here: scanners that look through repositories shall find none.
LETTERS, HEX, DIGITS = "aBcDeFgHiJkLmNoPqRsTuVwXyZaBcDeFgH", "0123456789abcdef" * 2, "a1B2c3D4" * 5
SECRETS = {
    "Hugging Face": "hf" + f"_{LETTERS}",
    "OpenAI": "sk" + f"-proj-{DIGITS}",
    "Anthropic": "sk" + f"-ant-api03-{DIGITS}",
    "GitHub": "gh" + f"p_{DIGITS}",
    "GitHub, fine-grained": "github" + f"_pat_{DIGITS}",
    "GitLab": "glpat" + f"-{DIGITS[:20]}",
    "AWS": "AKIA" + "IOSFODNN7EXAMPLE",
    "Google": "AI" + f"za{DIGITS[:35]}",
    "Slack": "xoxb" + "-123456789012-abcdefghij",
    "a web token": "ey" + "JhbGciOiJIUzI1NiJ9." + "ey" + "JzdWIiOiIxMjM0In0.abcDEF123",
    "a private key": "-----BEGIN RSA " + "PRIVATE KEY-----\nabcdef\n12345\n-----END RSA " + "PRIVATE KEY-----",
}
NAMED = {  # a line, and the part of it that nobody shall read
    f'wandb.login(key="{HEX}01234567")': f"{HEX}01234567",
    f"!wandb login {HEX}01234567": f"{HEX}01234567",
    f"os.environ['WANDB_API_KEY'] = '{HEX}01234567'": f"{HEX}01234567",
    f"WANDB_API_KEY={HEX}01234567": f"{HEX}01234567",
    f'{{"username":"jane","key":"{HEX}"}}': HEX,
    'login("not-a-known-form-1")': "not-a-known-form-1",
    'login(token="not-a-known-form-1")': "not-a-known-form-1",
    'token = "s3cr3t-value"': "s3cr3t-value",
    "HF_TOKEN: str = 's3cr3t-value'": "",
    'use_auth_token="s3cr3t-value",': "s3cr3t-value",
    'os.environ["HF_TOKEN"] = "s3cr3t-value"': "s3cr3t-value",
    'password = "correct horse"': "correct horse",
    '"api_key": "xyz123"': "xyz123",
    'AWS_SECRET_ACCESS_KEY="wJalrXUtnFEMI/K7MDENG"': "wJalrXUtnFEMI/K7MDENG",
    "git clone https://jane:s3cr3t@github.com/jane/hw5": "s3cr3t",
    'headers = {"Authorization": "Bearer abcdefghij.klmnop-123"}': "abcdefghij.klmnop-123",
    "{\\'token\\': \\'s3cr3t-value\\'}": "s3cr3t-value",
}
ORDINARY = [
    'pad_token="[PAD]"',
    'eos_token = "endoftext1"',
    'placeholder_token = "my-object-1"',
    'mask_token="maskmaskmask"',
    "token = tokenizer.encode(prompt)",
    'tokens = ["a", "b"]',
    'api_key = os.environ["WANDB_API_KEY"]',
    "def predict_x0(x_t, eps, t, alphas_cumprod, token=None): return password",
    f'sha256 = "{HEX}{HEX}"',
    f"# weights {HEX}01234567.pt",
    "hf_hub_download('google/ddpm-celebahq-256')",
    "from sklearn import sk_learn, hf_transformers, hf_modelOfSomeKind",
    "https://localhost:8080/a@b and jane@example.com:22",
    "login()",
    "expected  -0.56062 at [0, 1, 1, 4]; it begins -0.99498, 1.0093",
]


@pytest.mark.parametrize("kind", SECRETS)
@pytest.mark.parametrize("around", ["{}", 'login("{}")', "ValueError: {}, and more", "key={};", "{}.py", "'{}'"])
def test_a_credential_is_blacked_out_wherever_it_stands(kind, around):
    said = blacked_out(around.format(SECRETS[kind]))
    assert BLACK in said and not any(part in said for part in SECRETS[kind].split("\n"))
    assert blacked_out(said) == said


@pytest.mark.parametrize("line", [line for line in NAMED if NAMED[line]])
def test_what_is_named_a_secret_is_blacked_out_and_its_name_stays(line):
    said = blacked_out(line)
    assert said == line.replace(NAMED[line], BLACK)


@pytest.mark.parametrize("line", ORDINARY)
def test_ordinary_lines_stay(line):
    assert blacked_out(line) == line


@pytest.mark.parametrize(
    "folder", [SOLUTIONS, ROOT / "reference", ROOT / "student_stubs", ROOT / "grading" / "diagnosis"]
)
def test_no_code_of_this_field_is_blacked_out(folder):
    lines = [line for path in folder.rglob("*.py") for line in path.read_text(encoding="utf-8").splitlines()]
    assert len(lines) > 500
    assert [line for line in lines if blacked_out(line) != line] == []


def test_half_of_a_key_is_blacked_out_too():
    """Where a report has cut it short."""
    assert BLACK in blacked_out(f"token {SECRETS['Hugging Face'][:22]}")


# --- every way out ------------------------------------------------------------------------------------------------


def everywhere(secret):
    """A verdict that has the secret in every text that a report may quote."""
    failure = Failure(secret, secret, secret, secret, [f"ddpm.py:1: {secret}"], secret)
    return Verdict(
        "ddpm.predict_x0",
        FAILED,
        [CheckResult(f"a title {secret}", failure), CheckResult("another", failure)],
        defined_at=f"{secret}.py:3",
        mistakes=[secret],
        reading=[Finding(secret, secret)],
        remarks=[secret],
        repair=Repair(secret, 1, [secret], [f"ddpm.py:2: {secret} → 1"]),
        unexplained=secret,
        reason=secret,
    )


@pytest.mark.parametrize("kind", SECRETS)
@pytest.mark.parametrize("hints", ["none", "property", "mistake"])
def test_no_report_quotes_one(kind, hints):
    secret = SECRETS[kind]
    course = courses.load("all").only(["ddpm.predict_x0"])
    for verdict in (everywhere(secret), Verdict("ddpm.predict_x0", "not graded", reason=secret)):
        table = rows(course, {"ddpm.predict_x0": verdict})
        console = Console(record=True, width=500, file=io.StringIO())
        terminal.show(console, course, table, seeds.told(1), hints, [f"{secret}.py cannot be read"])
        document = gradescope.document(course, table, seeds.told(1), 1.0, hints, [f"{secret}.py cannot be read"])
        for said in (console.export_text(), json.dumps(document, ensure_ascii=False)):
            assert BLACK in said and not any(part in said for part in secret.split("\n"))


@pytest.mark.usefixtures("preloaded")
def test_a_submission_with_a_live_token_is_graded_and_its_report_has_none(tmp_path, capsys, hand_in):
    secret, name = SECRETS["Hugging Face"], "s3cr3t-value"
    raising = f'def predict_x0(*given):\n    print("{secret}")\n    raise ValueError("{secret}")  # token="{name}"\n'
    returning = f'def linear_betas(num_train_steps=1000, beta_start=0.1, beta_end=0.2):\n    return "{secret}"\n'
    importing = f'login(token="{secret}")\n'
    folder = hand_in(ddpm=raising, noising=returning, guidance=importing)
    (folder / f"{secret}.txt").symlink_to("/nowhere")
    results = tmp_path / "results.json"
    only = "ddpm.predict_x0,noising.linear_betas,guidance"
    assert main(["grade", str(folder), "--only", only, "--json", str(results)]) == 0
    written, printed = results.read_text(encoding="utf-8"), capsys.readouterr().out
    for said in (written, printed):
        assert secret not in said and secret[3:] not in said and name not in said
        assert said.count(BLACK) > 4 and "raised ValueError" in said


def test_a_refusal_quotes_none(tmp_path, capsys):
    secret = SECRETS["Hugging Face"]
    path = zipped(tmp_path / "hw.zip", {f"../{secret}.py": b""})
    assert main(["grade", str(path)]) == 2
    assert capsys.readouterr().err == f"grade: {path}: ../{BLACK}.py: its name leads out of the archive\n"


def test_the_solution_that_tests_grade_has_nothing_black(tmp_path, preloaded, capsys):
    assert main(["grade", str(PLAIN), "--only", "guidance"]) == 0
    assert BLACK not in capsys.readouterr().out
