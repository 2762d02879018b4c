"""Finds secrets in texts: well-known keys, and literal values given to names that mean a secret."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from policies.rules._shared.scripts.packed import unpacked

_OF_RESOURCES: Final = (
    "result|password|masterPassword|secret(?:String|Binary)?|authToken|token|privateKey\\w+|ciphertextBlob|plaintext"
)
# What a secret looks like by itself. Each says what it is, for the finding; the value is never shown.
_KNOWN: Final = tuple(
    (what, re.compile(pattern))
    for what, pattern in (
        ("an AWS access key", r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"),
        ("a private key", r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----"),
        ("a PuTTY private key", r"PuTTY-User-Key-File-\d"),
        ("a GitHub token", r"\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,})"),
        ("a GitLab token", r"\bgl(?:pat|rt|dt|ptt)-[A-Za-z0-9_-]{18,}"),
        ("a Hugging Face token", r"\bhf_[A-Za-z0-9]{20,}\b"),
        ("an API key (sk-…)", r"\bsk-(?:proj-|ant-|svcacct-)?[A-Za-z0-9_-]{20,}"),
        ("an NVIDIA API key", r"\bnvapi-[A-Za-z0-9_-]{20,}"),
        ("a Slack token", r"\bxox[abeoprs]-[A-Za-z0-9-]{10,}"),
        ("a Slack webhook", r"hooks\.slack\.com/services/T\w+/B\w+/\w+"),
        ("a Google API key", r"\bAIza[A-Za-z0-9_-]{35}"),
        ("an npm token", r"\bnpm_[A-Za-z0-9]{36}\b"),
        ("a PyPI token", r"\bpypi-AgE[A-Za-z0-9_-]{20,}"),
        ("a Docker token", r"\bdckr_(?:pat|oat)_[A-Za-z0-9_-]{20,}"),
        ("a Vault token", r"\bhvs\.[A-Za-z0-9_-]{20,}"),
        ("a Pulumi token", r"\bpul-[0-9a-f]{40}\b"),
        ("a Tailscale key", r"\btskey-[a-z]+-[A-Za-z0-9-]{10,}"),
        ("a Stripe key", r"\b(?:sk|rk)_live_[A-Za-z0-9]{20,}"),
        ("a JSON web token", r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]+"),
        ("a password hash", r"\$(?:1|2[aby]|5|6|y|gy|argon2id?)\$[^\s'\"$]+\$[^\s'\"]{8,}"),
        ("another resource's secret", rf"\$\{{urn:[^{{}}]*\.(?:{_OF_RESOURCES})\}}"),
    )
)
_STRONG: Final = (
    r"passwords?|passwd|passphrase|pwd|authtok|(?:api|access|auth|secret|private|encryption|signing|munge|license|master)[_-]?key"
    r"|(?:access|secret)[_-]?key[_-]?id|tokens?|secrets?|credentials?|secret[_-]access[_-]key|secret[_-]key[_-]base"
)
# StoragePass and MYSQL_PASS, not bypass and COMPASS.
# A bound, or long lines without blanks are looked through again and again.
_NAME: Final = rf"[\w.-]{{0,60}}?(?:(?i:{_STRONG})|Pass|(?<![A-Z])PASS|(?<![A-Za-z])pass)"
_VALUE: Final = r"""(?:"(?P<double>[^"\n]*)"|'(?P<single>[^'\n]*)'|(?P<bare>[^\s;,&|<>"'`)\]}]+))"""
_EQUALS: Final = r"(?::=|=>|(?<![=!<>])=(?![=~]))"
_ASSIGNED: Final = (
    # NAME=value, name := value, "name" = "value", --name=value, -e NAME=value, os.environ["NAME"] = "value"
    re.compile(rf"""(?<![\w.-])(?P<name>{_NAME})(?P<close>["']?\]?)[ \t]*{_EQUALS}[ \t]*{_VALUE}"""),
    # name: value at the start of a line, as YAML has it
    re.compile(rf"(?m)^[ \t]*(?:-[ \t]+)?(?P<name>{_NAME}):[ \t]+(?P<close>){_VALUE}"),
    # "name": "value", as JSON and YAML in braces have it; {name: value}
    re.compile(rf"""["'](?P<name>{_NAME})["'](?P<close>)[ \t]*:[ \t]*{_VALUE}"""),
    re.compile(rf"[{{,][ \t]*(?P<name>{_NAME})(?P<close>):[ \t]+{_VALUE}"),
    # --password value
    re.compile(rf"(?<!\S)--(?P<name>(?:[\w-]{{0,60}}-)?(?:{_STRONG}))(?P<close>)[ \t]+{_VALUE}"),
    # -H "X-Api-Key: value"
    re.compile(rf"""(?:-H|--header)[ =]?["'](?P<name>[\w-]{{0,60}}(?i:{_STRONG}))(?P<close>):[ \t]*{_VALUE}"""),
)
_SAID: Final = tuple(
    (what, re.compile(pattern))
    for what, pattern in (
        ("credentials", r"""aws configure set \S*(?:secret_access_key|key_id|session_token)\s+["']?(?P<v>[^\s"']+)"""),
        ("a password", r"""(?<![\w.-])[\w.-]{1,40}:(?P<v>[^\s'"|:]+)["']?\s*\|\s*(?:sudo\s+)?chpasswd"""),
        (
            "a password",
            r"""echo\s+(?:-\w+\s+)*["']?(?P<v>[^\s'"|]+)["']?\s*\|\s*(?:sudo )?(?:passwd\s|\w+ login\b|su(?:do)? -S)""",
        ),
        ("a password", r"""\b(?:mysql|mysqladmin|mysqldump|mariadb)\b[^\n|;]{0,999}\s-p["']?(?P<v>[^\s'"]+)"""),
        ("a password", r"""\b(?:docker|podman|helm registry|oras) login\b[^\n|;]{0,999}\s-p[= ]["']?(?P<v>[^\s'"]+)"""),
        ("a password", r"""\bmachine\s+\S+\s+login\s+\S+\s+password\s+["']?(?P<v>[^\s'"]+)"""),
        ("a registry's password", r""""auths?"\s*:\s*"(?P<v>[A-Za-z0-9+/]{8,}={0,2})\""""),
        ("a password", r"""\b(?:useradd|usermod)\b[^\n|;]{0,999}\s-p\s*["']?(?P<v>[^\s'"]+)"""),
        ("a password", r"""\bredis-cli\b[^\n|;]{0,999}\s-a\s*["']?(?P<v>[^\s'"]+)"""),
        ("a Weights & Biases key", r"""\bwandb login\s+(?:--\S+\s+)*(?P<v>[0-9a-f]{32,})"""),
        ("a password", r"""\bsshpass\s+-p\s*["']?(?P<v>[^\s'"]+)"""),
        ("a password", r"""\bcurl\b[^\n|;]{0,999}\s(?:-u|--user)[= ]?["']?[^\s'":]+:(?P<v>[^\s'"]+)"""),
        ("a password", r"""(?i)\bidentified\s+by\s+["'](?P<v>[^'"]+)"""),
        ("a password", r"""(?im)\bnet\s+user\s+\S+\s+(?P<v>[^\s/]\S*)\s*(?:/|$)"""),
        ("a password", r"""(?i)<password>(?:\s*<value>)?(?P<v>[^<]+)<"""),
        ("a password", r"""(?i)ConvertTo-SecureString\s+(?:-String\s+)?["'](?P<v>[^'"]+)["']\s.{0,999}-AsPlainText"""),
        ("a password in a URL", r"""\b[a-z][a-z0-9+.-]{1,15}://[^\s/:@"'{}]*:(?P<v>[^\s/@"']+)@"""),
        ("a token", r"""(?i)\bauthorization:\s*(?:bearer|basic|token)\s+(?P<v>[^\s"']+)"""),
    )
)
# Names that end like a secret's and hold none.
_HARMLESS: Final = re.compile(
    r"(?i)(?:^|[_.-])(?:no|lock|ch|use|require|expire|max|min|num|n|eos|bos|pad|unk|sep|cls|mask|prompt|batch|new)[_.-]?"
    r"(?:passwords?|passwd|tokens?|secrets?)$|^(?:nopasswd|chpasswd|oldpwd|pwd)$|public[_-]?key"
)
_WORDS: Final = re.compile(
    r"(?i)(?:true|false|null|none|nil|yes|off|enabled|disabled|optional|required|prompt|string|bytes|auto|random)"
)
_PLACEHOLDER: Final = re.compile(
    r"(?i)^[<\[{%#*.]|^(?:x{3,}|\*{3,}|\.{3,}|-+[a-z-]*$)|x{6,}|\*{3,}|your[_-]|[_-]?here$|replace|redacted|placeholder|insert[_-]"
    r"|\{\{|%\{|@@"
)
_REFERENCE: Final = re.compile(
    r"^(?:arn:|ssm:|secretsmanager:|vault:|file:|https?://|s3://|env:|op://|sm://|/|\./|~/|\\|[A-Z]:\\)"
    r"|^[a-z0-9_.-]+(?:/[a-z0-9_.{}$-]+)+$|^(?:kms|alias)/|resolve:(?:ssm|secretsmanager)"
)
_VARIABLE: Final = re.compile(r"\$[A-Za-z_{(@*0-9?!]|`|%[A-Za-z_]+%|<<")
_CODE: Final = re.compile(r"[(\[]|^[a-z_]+(?:\.[a-z_]+)+$")
_PUBLIC: Final = re.compile(r"\s*-----BEGIN (?:TRUSTED |X509 )?(?:CERTIFICATE|PUBLIC KEY|RSA PUBLIC KEY|DH PARAMETERS)")
_SHORTEST: Final = 4
_SHORTEST_TOKEN: Final = 6
_TOKEN: Final = re.compile(r"(?i)(?:tokens?|secrets?|credentials?|keys?|key[_-]?id)$")
# 12345678 is a password all too often, and as a token it is a number of tokens.
_MAY_BE_DIGITS: Final = re.compile(r"(?i)(?:passw(?:ord)?s?|passwd|passphrase|pwd|pass)$")
# Words such as secret name one as often as they hold one: db-credentials is a name, 9f3aB is not.
_NAMES_ONE: Final = re.compile(r"(?i)(?:^|[_.-])(?:secrets?|credentials?)$")
_A_NAME: Final = re.compile(r"[a-z]+(?:[-_.][a-z0-9]+)*")
_PACKED: Final = re.compile(r"(?<![A-Za-z0-9+/=])[A-Za-z0-9+/]{24,}={0,2}(?![A-Za-z0-9+/=])")
_CHPASSWD: Final = re.compile(r"(?m)^[ \t]*chpasswd:[ \t]*\n(?:[ \t]+\S.*(?:\n|$))+")
_USER_AND_PASSWORD: Final = re.compile(r"(?m)^[ \t]*(?:-[ \t]+)?[\w.-]+:(?P<v>[^\s:]+)[ \t]*$")


def secrets(text: str, *, unpack: bool = True) -> Iterator[tuple[int, str]]:
    """Secrets in a text: the line each starts in (from 1) and what it is, never the value.

    Variables, references to Secrets Manager and SSM, paths and placeholders aren't secrets.

    Args:
        text: A script, a configuration file, a value.
        unpack: Whether to look into base64 within the text too.
    """
    by_line: dict[int, str] = {}
    for start, what in _found(text, unpack=unpack):
        # The first says most: it knows the secret by its look, not by its name.
        by_line.setdefault(text.count("\n", 0, start) + 1, what)
    yield from sorted(by_line.items())


def secret_in(name: str, value: str) -> str:
    """What a value under a name is, if it is a secret; empty otherwise."""
    if found := next(secrets(value), None):
        return found[1]
    return _named(name) if re.fullmatch(_NAME, name) and _literal(name, value) else ""


def means_secret(name: str) -> bool:
    """Whether a name is that of a secret itself, not of where one is kept: `DB_PASSWORD`, not `DB_PASSWORD_FILE`."""
    return bool(re.fullmatch(_NAME, name)) and not _HARMLESS.search(name) and not _NAMES_ONE.search(name)


def _found(text: str, *, unpack: bool) -> Iterator[tuple[int, str]]:
    for what, known in _KNOWN:
        yield from ((match.start(), what) for match in known.finditer(text))
    for pattern in _ASSIGNED:
        for match in pattern.finditer(text):
            if not _code(match, text) and _literal(match["name"], _value(match)):
                yield match.start("name"), _named(match["name"])
    for what, said in _SAID:
        yield from ((match.start(), what) for match in said.finditer(text) if _real(match["v"]))
    for block in _CHPASSWD.finditer(text):
        for match in _USER_AND_PASSWORD.finditer(block[0]):
            if _real(match["v"]):
                yield block.start() + match.start("v"), "a password"
    if unpack:
        yield from _unpacked(text)


def _unpacked(text: str) -> Iterator[tuple[int, str]]:
    for match in _PACKED.finditer(text):
        inner = unpacked(match[0])
        if inner and (found := next(secrets(inner, unpack=False), None)):
            yield match.start(), f"{found[1]} in base64"


def _code(match: re.Match[str], text: str) -> bool:
    """Whether it compares or passes on: `"$TOKEN" = x`, `f(token=token)`, `token = config.token`."""
    before = text[: match.start("name")].rstrip(" \t\n")[-1:]
    if match["close"] and before == "$":
        return True
    bare = match["bare"]
    passed_on = before in ("(", ",") and "=" in match[0] and bare is not None and bare.isidentifier()
    return bare is not None and (passed_on or _CODE.search(bare) is not None)


def _value(match: re.Match[str]) -> str:
    if (single := match["single"]) is not None:
        # Within single quotes a shell reads $ as it is; at the start it is a hash or somebody else's variable.
        return single if single.startswith("$") else single.replace("$", "_")
    return str(match["double"] if match["double"] is not None else match["bare"])


def _named(name: str) -> str:
    return f"a literal value for {name.lstrip('-.')}"


def _literal(name: str, value: str) -> bool:
    if _HARMLESS.search(name) or (_TOKEN.search(name) and len(value) < _SHORTEST_TOKEN):
        return False
    digits = _MAY_BE_DIGITS.search(name) is not None and value.isdecimal() and len(value) >= _SHORTEST
    return (digits or _real(value)) and not (_NAMES_ONE.search(name) and _A_NAME.fullmatch(value))


def _real(value: str) -> bool:
    return (
        len(value) >= _SHORTEST
        and not _WORDS.fullmatch(value)
        and not value.isdecimal()
        and not _PUBLIC.match(value)
        and not any(pattern.search(value) for pattern in (_VARIABLE, _PLACEHOLDER, _REFERENCE))
    )
