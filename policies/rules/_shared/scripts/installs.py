"""What a command installs, and which of it may be another thing tomorrow."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from policies.rules._shared.scripts.command import RUNNERS, Command
from policies.rules._shared.scripts.urls import without_login


@dataclass(frozen=True)
class Install:
    """Something that gets installed.

    Attributes:
        what: The command in short, for people: `pip install torch`.
        moving: What of it no version pins.
        verb: What happens, such as `installs`.
    """

    what: str
    moving: tuple[str, ...] = ()
    verb: str = "installs software"


@dataclass(frozen=True)
class _Manager:
    """A package manager.

    Attributes:
        programs: Its names.
        verbs: What makes it install; empty where it does nothing else.
        pin: How a package's version is written; empty where none can be.
        takes: Options that take a word.
        newest: Verbs that bring the newest of everything where no package is named.
    """

    programs: str
    verbs: str
    pin: str = r"=="
    takes: str = ""
    newest: str = ""


_RPM: Final = r"-\d+(?:[.:]\d+)+|=\d"
_MANAGERS: Final = (
    _Manager(
        r"apt|apt-get|aptitude|apt-fast|nala",
        "install reinstall upgrade dist-upgrade full-upgrade safe-upgrade build-dep update",
        r"=\d",
        "-o -t -c --target-release --option",
        "upgrade dist-upgrade full-upgrade safe-upgrade",
    ),
    _Manager(
        r"yum|dnf|dnf5|microdnf|tdnf",
        "install localinstall groupinstall group update upgrade reinstall distro-sync swap module builddep copr"
        " upgrade-minimal update-minimal install-n --add-repo",
        _RPM,
        "-c -d -e -x --enablerepo --disablerepo --exclude",
        "update upgrade distro-sync update-minimal upgrade-minimal",
    ),
    _Manager(r"zypper", "install in update up dup dist-upgrade patch addrepo ar", _RPM, "-r -t", "update up dup patch"),
    _Manager(r"apk", "add upgrade update", r"=\d", "-t --virtual -X --repository", "upgrade"),
    _Manager(r"pacman", "-S -Sy -Syu -Syyu -U", r"=\d"),
    _Manager(r"amazon-linux-extras", "install", r"=[\d.]"),
    _Manager(r"snap", "install refresh", "", "", "refresh"),
    _Manager(r"flatpak|brew|port|choco|winget|scoop", "install upgrade", r"@\d|=="),
    _Manager(
        r"pip[\d.]*",
        "install download",
        r"===?\s*\d[^*]*$|@[0-9a-f]{40}|[0-9a-f]{64}",
        "-r -c -i -f -t --index-url --extra-index-url --requirement --constraint --target --find-links"
        " --trusted-host --prefix --root --timeout --retries --progress-bar",
    ),
    _Manager(r"uv", "install sync add", r"==\d|@[0-9a-f]{40}", "-r -p --python --index-url --index --extra-index-url"),
    _Manager(r"pipx|pipenv|poetry|ansible-galaxy", "install add inject", r"==\d|@\d"),
    _Manager(r"uvx|npx|easy_install", "", r"==\d|@\d"),
    _Manager(
        r"conda|mamba|micromamba",
        "install create update upgrade",
        r"={1,2}\d",
        "-c -n -p -f --channel --name --prefix --file",
        "update upgrade",
    ),
    _Manager(r"npm|pnpm|yarn|bun", "install i add ci update upgrade", r".@\d[\d.]+", "--prefix -C"),
    _Manager(r"gem", "install update", r":\d", "-v --version -i -n"),
    _Manager(r"bundle|composer", "install update require", r":\d"),
    _Manager(r"cargo", "install binstall", r"@\d", "--version --git --rev --root --path"),
    _Manager(r"go", "install get", r"@v\d|@[0-9a-f]{12,40}"),
    _Manager(r"cpan|cpanm", "", r"@\d"),
    _Manager(r"spack|nix|guix|sdk|asdf|nvm|pyenv|rustup|eb", "install toolchain update", r"@\d|\d+\.\d+"),
    _Manager(r"nix-env", "-i -iA --install", r"-\d"),
    _Manager(r"add-apt-repository|apt-add-repository", "", ""),
    _Manager(r"yum-config-manager", "--add-repo", ""),
    _Manager(r"make|ninja|gmake", "install", ""),
)
_ELSEWHERE: Final = re.compile(r"^(?:\.{0,2}/|\.$|~|file:)|://|\$[\w({]|`|^:::$")
"""Names of packages that are files, that are URLs (which are judged as downloads), or that nobody knows."""
_PACKAGE_FILES: Final = {
    "dpkg": r"-\w*i|--install|--unpack",
    "rpm": r"-(?!\w*[qVe])\w*[iUF]\w*|--install|--upgrade|--freshen",
}
_IMAGE_PULLERS: Final = r"docker|podman|nerdctl|ctr|crictl|finch|singularity|apptainer|skopeo|enroot"
_IMAGE_VERBS: Final = ("pull", "run", "build", "import", "create", "copy")
_INSTALLER: Final = re.compile(r"(?:.*[-_])?install(?:er)?(?:[-_].*)?(?:\.(?:sh|bash|py|run))?|.*\.run|get-[\w-]+\.sh")
_SYSTEM: Final = ("/usr/bin/", "/bin/", "/usr/sbin/", "/sbin/")


def installs(command: Command) -> Iterator[Install]:
    """What a command installs; nothing for one that only configures."""
    for one in command.tails():
        found = _packages(one) or _package_file(one) or _image(one)
        if found is None and one is command:
            found = _installer(one)
        if found:
            yield found
            return


def _packages(command: Command) -> Install | None:
    command = _module(command)
    manager = next((m for m in _MANAGERS if re.fullmatch(m.programs, command.program)), None)
    if manager is None or "--dry-run" in command.words:
        return None
    arguments, verbs = list(command.arguments), manager.verbs.split()
    at = next((at for at, word in enumerate(arguments) if word in verbs), None if verbs else -1)
    if at is None or (at == -1 and not command.plain):
        return None
    verb = arguments[at] if at >= 0 else ""
    if "make" in manager.programs:
        return Install(f"{command.program} install", (), "installs what it builds")
    if verb == "update" and re.fullmatch(r"apt.*|apk|nala", command.program):
        return Install(f"{command.program} update", (), "refreshes package lists")
    if verb in ("module", "copr", "group", "toolchain") and not {"install", "update", "add"} & set(arguments):
        return None
    named = list(_named(arguments[at + 1 :], manager))
    options = " ".join(command.words)
    moving = tuple(
        name for name in named if not (manager.pin and re.search(manager.pin, name)) and not _ELSEWHERE.search(name)
    )
    if "--require-hashes" in options or re.search(
        r"--revision[= ]|(?:^| )(?:-v|--version)[= ]?\s*\d|--rev[= ]", options
    ):
        moving = ()
    if not named and verb in manager.newest.split():
        moving = ("everything there is",)
    return Install(_short(command, verb, named), moving)


def _module(command: Command) -> Command:
    """`python3 -m pip install` is pip's."""
    words = command.words
    if re.fullmatch(r"python[\d.]*", command.program) and "-m" in words[:4]:
        at = words.index("-m")
        if at + 1 < len(words):
            return Command(words[at + 1 :])
    return command


def _named(arguments: list[str], manager: _Manager) -> Iterator[str]:
    skip = False
    for word in arguments:
        if skip:
            skip = False
        elif word in manager.takes.split():
            skip = True
        elif not word.startswith("-") and word not in ("install", "enable", "env"):
            yield word


def _short(command: Command, verb: str, named: list[str]) -> str:
    shown = [_clean(name) for name in named[:3]]
    more = ["…"] if len(named) > len(shown) else []
    return " ".join(word for word in (command.program, verb, *shown, *more) if word)


def _clean(word: str) -> str:
    """A word without what may be a password in a URL."""
    word = without_login(word)
    return word if len(word) <= 80 else f"{word[:77]}…"  # noqa: PLR2004 - what fits on a line


def _package_file(command: Command) -> Install | None:
    pattern = _PACKAGE_FILES.get(command.program)
    if pattern and any(re.fullmatch(pattern, word) for word in command.arguments):
        return Install(_short(command, "", [*command.plain]))
    return None


def _image(command: Command) -> Install | None:
    """Container images by tag. By digest they are what they were yesterday, so those may be had."""
    if not re.fullmatch(_IMAGE_PULLERS, command.program):
        return None
    verb = next((word for word in command.plain[:3] if word in _IMAGE_VERBS), "")
    words = " ".join(command.words)
    if not verb or "@sha256:" in words or "--pull=never" in words or "--pull never" in words:
        return None
    if verb == "build":
        return Install(f"{command.program} build", (), "builds an image")
    images = [
        word
        for word in command.plain
        if word not in (verb, "compose", "image", "images") and re.search(r"[a-z]\w*(?:[:/]|$)", word)
    ]
    image = next((word for word in reversed(images) if re.search(r"[\w}]:[\w${.-]+$", word) and "/" in word), "")
    image = image or next((word for word in images if not word.startswith(("/", "$"))), "")
    if "compose" in command.plain[:2] and verb == "pull":
        return Install(f"{command.program} compose pull", ("its images",), "fetches images by tag")
    if verb in ("import", "create", "copy") and "docker://" not in words:
        return None
    return (
        Install(f"{command.program} {verb} {_clean(image)}", (_clean(image),), "fetches an image by tag")
        if image
        else None
    )


def _installer(command: Command) -> Install | None:
    """An installer that is run: `./aws/install`, `bash install.sh`, `sh cuda.run`. `install` itself copies files."""
    paths = [command.words[0]] if command.words and "/" in command.words[0] else []
    if command.program in RUNNERS:
        paths += command.plain[:1]
    for path in paths:
        name = path.rsplit("/", 1)[-1]
        if _INSTALLER.fullmatch(name) and not path.startswith(_SYSTEM) and "$(" not in path and "<(" not in path:
            return Install(_clean(path), (), "runs an installer")
    code = " ".join(command.arguments)
    if re.search(r"install\.packages\(|BiocManager::install|Pkg\.add\(", code):
        return Install(f"{command.program} {_clean(code)}", ("its packages",))
    return None
