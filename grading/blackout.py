"""What looks like a credential, blacked out: whatever is quoted of a submission may hold one, and reports are passed on.

Recognised are the forms that services give their keys, and texts that a name such as ``token`` or ``password`` is given.
Entropy is not looked at: a hash of weights is no secret, and neither is a table of numbers. The known keys are blacked
out from about half of their length on; what is left of one that a report has cut shorter opens nothing.
"""

import dataclasses
import re
from typing import Any, TypeVar

BLACK = "████████"
_T = TypeVar("_T")

_KEYS = (
    r"\bhf_(?=[A-Za-z0-9]*[A-Z])(?=[A-Za-z0-9]*[a-z])[A-Za-z0-9]{17,}",  # Hugging Face
    r"\bapi_org_[A-Za-z]{16,}",
    r"\bsk-(?=[\w-]*[0-9A-Z])[\w-]{20,}",  # OpenAI, Anthropic
    r"\b[sr]k_(?:live|test)_\w{16,}",  # Stripe
    r"\bgh[opsur]_[A-Za-z0-9]{20,}|\bgithub_pat_\w{20,}",
    r"\bglpat-[\w-]{16,}",
    r"\b(?:AKIA|ASIA)[A-Z0-9]{12,}\b",  # AWS
    r"\bAIza[\w-]{20,}|\bya29\.[\w-]{20,}|\bGOCSPX-[\w-]{16,}",  # Google
    r"\bxox[abeoprs]-[\w-]{10,}|\bhooks\.slack\.com/services/[\w/]+",
    r"\bwandb_v\d_\w{16,}|\br8_[A-Za-z0-9]{20,}|\bgsk_[A-Za-z0-9]{20,}|\bpypi-[\w-]{30,}|\bnpm_[A-Za-z0-9]{20,}",
    r"\beyJ[\w-]{10,}\.[\w-]{10,}(?:\.[\w-]*)?",  # a JSON web token
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)",
    r"\bMII[A-Za-z0-9+/]{40,}={0,2}",  # a line of one
)
# Of these only what the group holds: a reader shall still see what it was for.
_NAMED = (
    r"""(?i)\bwandb[^\n]{0,40}?\b([0-9a-f]{32,40})\b""",
    r"""(?i)\blogin\(\s*(?:(?:key|token)\s*=\s*)?f?["']([^"'\s]{8,})["']""",
    r"""(?i)["']key["']\s*:\s*["']([0-9a-f]{32})["']""",  # Kaggle's file
    r"""(?i)\bbearer\s+([\w.~+/=-]{16,})""",
    r"""\b[A-Za-z][A-Za-z0-9+.-]*://[^\s/:@"'<>]*:([^\s/@"'<>]+)@""",
    # A text in quotes: password = "…", "api_key": "…", use_auth_token="…"
    r"""(?ix) (?:passw(?:or)?d|passphrase|secret|api_?key|access_?key|private_?key|auth_?key|credentials?) \w*
        \\?["']? \]? \s*[=:]\s* [rbf]?\\?["']([^"'\\\n]{4,})\\?["']""",
    # … and token = "…", unless it is one of a tokenizer's.
    r"""(?ix) (?<![a-z0-9_])
        (?!\w*(?:pad|eos|bos|unk|sep|cls|mask|start|end|stop|next|special|prompt|placeholder|initializer)_?token)
        \w*token \\?["']? \]? \s*[=:]\s* [rbf]?\\?["']([\w.~+/=-]{8,})\\?["']""",
    # Without quotes, as in a shell or in what is printed: WANDB_API_KEY=…, password: …
    r"""(?ix) (?:passw(?:or)?d|secret|api_?key|access_?key|token) ["']?\s*[=:]\s*
        (?=[\w+/-]*[0-9])(?=[\w+/-]*[a-z])([\w+/-]{16,}=*)(?![\w.(\[])""",
)
_KEY = re.compile("|".join(f"(?:{form})" for form in _KEYS))
_NAMED_KEYS = [re.compile(form) for form in _NAMED]


def blacked_out(text: str) -> str:
    """The text without credentials."""
    text = _KEY.sub(_as_many_lines, text)
    for named in _NAMED_KEYS:
        text = named.sub(_without_group, text)
    return text


def _as_many_lines(found: re.Match[str]) -> str:
    """What is quoted with line numbers keeps them."""
    return BLACK + "\n" * found[0].count("\n")


def _without_group(found: re.Match[str]) -> str:
    start, end = (at - found.start() for at in found.span(1))
    return found[0][:start] + BLACK + found[0][end:]


def throughout(value: _T, change: Any = blacked_out) -> _T:
    """A value with every text in it changed: those of lists, of dictionaries, of records."""
    changed: Any = value
    if isinstance(value, str):
        changed = change(value)
    elif isinstance(value, (list, tuple)):
        changed = type(value)(throughout(one, change) for one in value)
    elif isinstance(value, dict):
        changed = {key: throughout(one, change) for key, one in value.items()}
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        texts = {one.name: throughout(getattr(value, one.name), change) for one in dataclasses.fields(value)}
        changed = dataclasses.replace(value, **texts)
    return changed
