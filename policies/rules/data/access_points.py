"""HERD-056: EFS access points set who clients are and what they see."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from policies.engine.facts import Facts
from policies.engine.rule import ResourceRule, Severity, Violation, everywhere
from policies.engine.subject import Subject

ACCESS_POINT: Final = "aws:efs/accessPoint:AccessPoint"
# Last part of the path: below it each person owns a directory, so no single identity would be right.
_HOMES: Final = ("home", "homes", "users")


def check(resource: Subject, facts: Facts) -> Iterator[Violation]:
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
        if number is None and not homes:
            yield Violation(identity, f"posixUser.{key} is absent: clients are whoever they say they are")
        elif number == "0" and key == "uid":
            yield Violation(identity, "posixUser.uid is 0: every client is root")


RULE: Final = ResourceRule(
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
        " homes or users) have as many owners, and there the ids that clients send decide."
    ),
    fix="Give it `root_directory={'path': '/team-a', …}` and `posix_user={'uid': …, 'gid': …}`.",
    mappings={"checkov": ("CKV_AWS_329", "CKV_AWS_330"), "fsbp": ("EFS.3", "EFS.4")},
    check=check,
)
