"""What a script fetches, and whether it may be another thing tomorrow."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from policies.rules._shared.scripts.command import RUNNERS, SHELLS, Command
from policies.rules._shared.scripts.urls import COMMIT, SHA256, is_local, moves, shown

_UNPACKERS: Final = frozenset({"tar", "unzip", "gunzip", "zcat", "cpio", "bunzip2", "unxz", "zstd", "7z", "bsdtar"})
_TAKERS: Final = (
    RUNNERS
    | _UNPACKERS
    | {"gpg", "apt-key", "tee", "dd", "kubectl", "docker", "install", "rpm", "dpkg", "sponge", "su"}
)
"""Programs that keep or obey what they are fed."""


@dataclass(frozen=True)
class Download:
    """Something that is fetched.

    Attributes:
        what: It in short, for people.
        moving: Why it may be another thing tomorrow; empty if it can't.
        target: File it goes to; empty if nobody says.
        runs: How it is run right away; empty if it isn't, as far as can be seen.
    """

    what: str
    moving: str
    target: str = ""
    runs: str = ""


def downloads(commands: tuple[Command, ...], text: str) -> Iterator[Download]:
    """Everything that commands fetch.

    Args:
        commands: All commands of one script: a check of a file, or its run, stands apart from its download.
        text: The script as it is written.
    """
    ran, checks = _ran(commands), _checks(commands, text)
    for command in commands:
        for one in command.tails():
            found = [*_fetched(one, commands)]
            for download in found:
                checked = download.target and _checked(download.target, checks)
                runs = download.runs or _run_later(download.target, ran)
                moving = "" if checked else download.moving
                yield Download(download.what, moving, download.target, runs)
            if found:
                break


def _fetched(command: Command, commands: tuple[Command, ...]) -> Iterator[Download]:
    name = command.program
    if name in ("curl", "wget", "aria2c", "axel", "wget2", "curlie"):
        yield from _http(command)
    elif name in ("aws", "s5cmd", "s3cmd", "rclone", "gsutil", "mc"):
        yield from _bucket(command)
    elif name in ("git", "svn", "hg", "ansible-pull"):
        yield from _repository(command, commands)
    elif _OF_URLS.fullmatch(name):
        for word in command.arguments:
            url = re.sub(r"^(?:-\w|--[\w-]+=)(?=https?://)|^git\+", "", word)
            if re.match(r"https?://|s3://", url) and not _is_index(word, command) and (moving := moves(url)):
                yield Download(f"{name} {shown(url)}", moving)


_OF_URLS: Final = re.compile(
    r"kubectl|helm|rpm|yum|dnf5?|microdnf|tdnf|zypper|yum-config-manager|pip[\d.]*|uv|apt-key|terraform|conda|mamba|npm"
)


def _is_index(word: str, command: Command) -> bool:
    """Whether a URL is an index or a proxy that packages come from, which their own versions pin."""
    before = dict(zip(command.words[1:], command.words, strict=False)).get(word, "")
    return bool(re.search(r"index|proxy|find-links|trusted|channel|registry|^-i$|^-f$|^-c$", f"{before} {word[:20]}"))


_TAKE: Final = {
    "curl": (
        *tuple("oHXduATmwebcFECKrxyYzUtQPD"),
        *("--output", "--header", "--request", "--data", "--data-raw", "--data-binary", "--user", "--user-agent"),
        *("--retry", "--retry-delay", "--retry-max-time", "--connect-timeout", "--max-time", "--write-out", "--proxy"),
        *("--resolve", "--cacert", "--cert", "--key", "--upload-file", "--form", "--output-dir", "--noproxy"),
        *("--data-urlencode", "--config", "--range", "--limit-rate", "--unix-socket", "--aws-sigv4", "--json"),
    ),
    "wget": (
        *tuple("OPotTwUeQ"),
        *("--output-document", "--directory-prefix", "--tries", "--timeout", "--header", "--user", "--password"),
        *("--method", "--body-data", "--post-data", "--waitretry", "--user-agent"),
    ),
}
_SENDS: Final = re.compile(
    r"-(?:X|-request=?)(?:POST|PUT|DELETE|PATCH)|-X|--request|-d|--data.*|--json|-F|--form|-T|--upload-file"
    r"|--post-data.*|--post-file.*|--body-.*|--method=(?:POST|PUT|DELETE|PATCH)|-I|--head|--spider"
)


def _http(command: Command) -> Iterator[Download]:
    urls, options = _split(command)
    words = " ".join(command.words)
    gets = re.search(r"(?:-X|--request)[ =]?GET", words) or "-G" in command.words or "--get" in command.words
    if any(_SENDS.fullmatch(word) for word in command.arguments) and not gets:
        return
    if "X-aws-ec2-metadata-token" in words:
        return
    taken = _taker(command)
    target = _target(command, options)
    for url in urls:
        if is_local(url):
            continue
        file = target if target != "/" else url.split("?")[0].rstrip("/").rsplit("/", 1)[-1]
        unknown = "$" in url and "://" not in url
        moving = moves(url if "://" in url else f"https://{url}")
        if unknown:
            moving = "nothing here says what it is"
        runs = f"piped into {taken}" if taken in RUNNERS | _UNPACKERS else ""
        asked_newest = command.captured and moving.startswith(("follows", "names no commit"))
        if taken or file not in ("", "-", "/dev/null", "/dev/stdout") or asked_newest:
            yield Download(f"{command.program} {shown(url)}", moving, file if not taken else "", runs)


def _taker(command: Command) -> str:
    """The program behind it that keeps, unpacks or runs its output; one that runs it above all."""
    found = [one for one in command.feeds if one in _TAKERS]
    return next((one for one in found if one in RUNNERS | _UNPACKERS), found[0] if found else "")


def _split(command: Command) -> tuple[list[str], dict[str, str]]:
    """The URLs of curl or wget, and its options with their values."""
    takes = _TAKE["curl" if command.program.startswith("curl") else "wget"]
    urls: list[str] = []
    options: dict[str, str] = {}
    words = list(command.arguments)
    while words:
        word = words.pop(0)
        if not word.startswith("-") or word == "-":
            urls.append(word)
        elif word.startswith("--"):
            name, given, value = word.partition("=")
            options[name] = value if given else words.pop(0) if name in takes and words else ""
            if name == "--url":
                urls.append(options[name] or (words.pop(0) if words else ""))
        else:
            at = next((at for at, letter in enumerate(word[1:], 1) if letter in takes), 0)
            for letter in word[1:at] if at else word[1:]:
                options[f"-{letter}"] = ""
            if at:
                options[f"-{word[at]}"] = word[at + 1 :] or (words.pop(0) if words else "")
    return [url for url in urls if url], options


def _target(command: Command, options: dict[str, str]) -> str:
    """File that a download goes to; `/` where the URL names it, empty where it is only shown."""
    if command.output:
        return command.output
    if command.program.startswith("wget"):
        target = options.get("-O", options.get("--output-document", "/"))
        return "" if target == "-" else target
    if command.program in ("aria2c", "axel"):
        return options.get("-o", "/")
    if "-O" in options or "--remote-name" in options or "--remote-name-all" in options:
        return "/"
    return options.get("-o", options.get("--output", ""))


_AWS_TAKE: Final = frozenset(
    {"--region", "--profile", "--endpoint-url", "--output", "--query", "--exclude", "--include", "--bucket", "--key"}
    | {"--version-id", "--ca-bundle", "--cli-read-timeout", "--cli-connect-timeout", "--request-payer", "--sse"}
)
"""Options of the AWS CLI that take a word."""


def _positional(command: Command) -> list[str]:
    before = ("", *command.words)
    plain = [
        word
        for last, word in zip(before[1:], command.arguments, strict=False)
        if last not in _AWS_TAKE and (not word.startswith("-") or word == "-")
    ]
    return [word for word in plain if word not in ("s3", "s3api")]


def _bucket(command: Command) -> Iterator[Download]:
    words = _positional(command)
    options = " ".join(command.words)
    if command.program == "aws" and "s3api" in command.words:
        if words[:1] != ["get-object"] or re.search(r"--version-id[ =]\S", options):
            return
        key = re.search(r"--key[ =](\S+)", options)
        name = key[1] if key else ""
        if not SHA256.search(name):
            yield Download(f"aws s3api get-object {name}", "names no version of the object", words[-1])
        return
    if command.program == "aws" and "s3" not in command.words:
        return
    if not words or words[0] not in ("cp", "sync", "mv", "get", "copy", "cat", "mirror"):
        return
    source, target = words[1] if len(words) > 1 else "", words[2] if len(words) > 2 else ""  # noqa: PLR2004
    remote = re.match(r"s3://|gs://", source) or (source.startswith("$") and not target.startswith(("s3://", "$")))
    if not remote or target.startswith("s3://"):
        return
    name = source.rsplit("/", 1)[-1]
    file = f"{target}{name}" if target.endswith("/") else name if target in (".", "./", "") else target
    taken = _taker(command)
    moving = moves(source) and "names no version of the object"
    # `aws s3 cp` itself takes a version nowhere: with one in the URL it looks for a key of that name.
    yield Download(
        f"{command.program} {words[0]} {shown(source)}", moving, file, f"piped into {taken}" if taken else ""
    )


def _repository(command: Command, commands: tuple[Command, ...]) -> Iterator[Download]:
    words = [word for word in command.plain if not re.fullmatch(r"\S*=\S*", word)]
    verb = next((word for word in words[:3] if word in ("clone", "pull", "checkout", "co", "export", "update")), "")
    if command.program == "ansible-pull":
        verb = "playbook"
    if not verb or (command.program == "git" and verb not in ("clone", "pull")):
        return
    url = next((word for word in command.words if re.search(r"://|^git@", word)), "")
    name = url.rstrip("/").rsplit("/", 1)[-1].removesuffix(".git")
    pins = (
        other
        for other in commands
        if other.program == "git"
        and {"checkout", "reset", "switch", "fetch", "clone"} & set(other.words)
        and any(COMMIT.search(word) and "://" not in word for word in other.words)
    )
    pinned = verb != "pull" and (any(pins) or COMMIT.search(" ".join(command.words)))
    runs = "run from the clone" if verb == "playbook" else ""
    moving = "" if pinned else "names no commit, and branches and tags move"
    yield Download(f"{command.program} {verb} {shown(url)}".strip(), moving, name, runs)


def _checks(commands: tuple[Command, ...], text: str) -> tuple[str, ...]:
    """What compares files with hashes, if one stands in the script."""
    if not re.search(r"\b[0-9a-fA-F]{64}(?:[0-9a-fA-F]{32}|[0-9a-fA-F]{64})?\b", text):
        return ()
    checks = (c for c in commands if re.fullmatch(r"sha(?:256|384|512)sum|shasum|openssl|b2sum", c.program))
    return tuple(f"{check.pipeline} {' '.join(check.words)}" for check in checks)


def _checked(target: str, checks: tuple[str, ...]) -> bool:
    """Whether the script compares a file with a hash that stands in the script."""
    name = target.rstrip("/").rsplit("/", 1)[-1]
    return bool(name) and any(name in check for check in checks)


Ran = dict[str, tuple[int, str]]
"""A path, a folder above it (with `/` at its end) or a bare name (with `//` before it) -> where it is run, and how."""


def _ran(commands: tuple[Command, ...]) -> Ran:
    """What the commands run, looked through once: a script may fetch hundreds of files."""
    found: Ran = {}
    for number, command in enumerate(commands):
        own = command.words[0] if command.words else ""
        given = (word for word in command.plain if command.program in RUNNERS | _UNPACKERS)
        told = number, f"given to {command.program}" if command.program in SHELLS | _UNPACKERS else "run"
        for path in (own if "/" in own else "", *given):
            above = (path[: slash.end()] for slash in re.finditer("/", path))
            for key in (path, *above, f"//{path.rsplit('/', 1)[-1]}"):
                found.setdefault(key, told)
    return found


def _run_later(target: str, ran: Ran) -> str:
    folder = target.rstrip("/")
    name = folder.rsplit("/", 1)[-1]
    if not folder:
        return ""
    # A script changes its folder in between, so a name is enough; one letter is no name.
    keys = (target, f"{folder}/", *((f"//{name}",) if len(name) > 1 else ()))
    return min((ran[key] for key in keys if key in ran), default=(0, ""))[1]
