"""HERD-056: EFS access points set who clients are and what they see."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from policies.engine.facts import Facts
from policies.engine.rule import GraphRule, Severity, Violation, everywhere
from policies.engine.subject import Stack, Subject
from policies.rules._shared.naming import named, naming
from policies.rules._shared.types import EFS

_POLICY: Final = "aws:efs/fileSystemPolicy:FileSystemPolicy"
ACCESS_POINT: Final = "aws:efs/accessPoint:AccessPoint"
# Last part of the path: below it each person owns a directory, so no single identity would be right.
_HOMES: Final = ("home", "homes", "users")


def check(resource: Subject, stack: Stack, facts: Facts) -> Iterator[Violation]:
    """Without either an access point is another door to the same room."""
    path = resource.props.at("rootDirectory", "path")
    root = path.text() or "/"
    if not root.strip("/"):
        how = "/" if path.present else "absent, and / by default"
        yield Violation(path, f"rootDirectory.path is {how}: clients see the whole file system")
    homes = root.rstrip("/").rpartition("/")[2].lower() in _HOMES
    for key in ("uid", "gid"):
        identity = resource.props.at("posixUser", key)
        number = identity.text()
        if number is None and homes and not _guarded(resource, stack):
            yield Violation(
                identity,
                f"posixUser.{key} is absent, and no policy says which roles may mount the home directories",
                fix="Add a FileSystemPolicy that lets roles in through access points alone.",
            )
        elif number is None and not homes:
            yield Violation(identity, f"posixUser.{key} is absent: clients are whoever they say they are")
        elif number == "0" and key == "uid":
            yield Violation(identity, "posixUser.uid is 0: every client is root")


def _guarded(access_point: Subject, stack: Stack) -> bool:
    system = named(access_point.props.at("fileSystemId"), stack, EFS)
    return system is not None and any(naming(stack, system, "fileSystemId", _POLICY))


RULE: Final = GraphRule(
    id="HERD-056",
    name="efs-access-points",
    pack="data",
    title="EFS access points set who clients are and what they see",
    severity=everywhere(Severity.MEDIUM),
    types=(ACCESS_POINT,),
    properties=("rootDirectory.path", "posixUser.uid", "posixUser.gid"),
    why=(
        "NFS believes the user id that a client sends. An access point with a root directory of its own and an enforced"
        " user keeps one team's job out of another's files. Home directories of many people (a path that ends in home,"
        " homes or users) have as many owners: there the ids that clients send decide, and a file system policy says"
        " which roles get that far."
    ),
    fix="Give it `root_directory={'path': '/team-a', …}` and `posix_user={'uid': …, 'gid': …}`.",
    mappings={"checkov": ("CKV_AWS_329", "CKV_AWS_330"), "fsbp": ("EFS.3", "EFS.4")},
    check=check,
)
