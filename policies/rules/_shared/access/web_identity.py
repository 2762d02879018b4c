"""Trust in tokens of other issuers (OIDC): whom a role's trust policy really lets in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from policies.engine.node import Node
from policies.rules._shared.access.iam import Condition, Statement

GITHUB: Final = "token.actions.githubusercontent.com"
_PINNING: Final = ("stringequals", "stringequalsignorecase", "stringlike")
_SYMBOL: Final = re.compile(r"\$\{urn:[^{}]*\}")
# Issuers whose tokens everybody can get; there the audience is one's own, and is what tells callers apart.
_BY_AUDIENCE: Final = ("cognito-identity.amazonaws.com", "accounts.google.com", "www.amazon.com", "graph.facebook.com")
# Source: GitHub, "OpenID Connect reference" (subject claims, also customised ones and those with ids).
_REPOSITORY: Final = re.compile(r"(?:^|:)(?:repo|repository):[^*?:/]+/[^*?:/]+(?=:|$)|(?:^|:)repository_id:\d+(?=:|$)")
_ENVIRONMENT: Final = re.compile(r"(?:^|:)environment:[^*?:]+(?=:|$)")
# Source: GitLab, "Configure OpenID Connect in AWS"; Kubernetes service account tokens (IRSA).
_SUBJECTS: Final = (
    ("system:serviceaccount:", re.compile(r"system:serviceaccount:[^*?:]+:[^:]+")),
    ("project_path:", re.compile(r"project_path:[^*?:]+(?::.*)?")),
    ("", re.compile(r"[^*?:][^*?]*:?[^*?]+.*|[^*?]+")),
)


def untrusted(statement: Statement) -> Iterator[tuple[Node, str]]:
    """What a statement of a trust policy leaves open for holders of OIDC tokens: places and what is wrong there."""
    issuers = statement.principals.get("Federated", ())
    if not issuers or not statement.grants("sts:AssumeRoleWithWebIdentity"):
        return
    if any(":saml-provider/" in issuer for issuer in issuers):
        return
    subjects = _about(statement, "sub")
    if _of_github(statement, issuers, subjects):
        yield from _github(statement, subjects)
    elif any(issuer in _BY_AUDIENCE for issuer in issuers):
        if not any(_pins(test) for test in (*_about(statement, "aud"), *_about(statement, "app_id"), *subjects)):
            yield statement.at.at("Condition"), "trusts everybody with a token of the issuer: no audience is named"
    elif not any(_pins(test) and all(_one_subject(value) for value in test.values) for test in subjects):
        at, told = _told(statement, subjects)
        yield at, f"trusts {told} of the issuer: the subject isn't pinned"


def _github(statement: Statement, subjects: tuple[Condition, ...]) -> Iterator[tuple[Node, str]]:
    """AWS tells GitHub's claims apart since January 2026: repository, repository_id and environment besides sub."""
    at, told = _told(statement, subjects)
    named = (*_about(statement, "repository"), *_about(statement, "repository_id"))
    if not (_each(subjects, _REPOSITORY) or any(_exact(test) for test in named)):
        yield at, f"trusts {told} on GitHub: no repository is pinned"
    elif not (_each(subjects, _ENVIRONMENT) or any(_exact(test) for test in _about(statement, "environment"))):
        yield at, f"trusts {told} on GitHub: no environment is pinned, so any branch or pull request may deploy"
    if not any(_exact(test) for test in _about(statement, "aud")):
        yield statement.at.at("Condition"), "trusts tokens that GitHub made for anybody: no audience is pinned"


def _of_github(statement: Statement, issuers: tuple[str, ...], subjects: tuple[Condition, ...]) -> bool:
    return (
        any(GITHUB in issuer for issuer in issuers)
        or any(test.key.startswith(GITHUB) for test in statement.conditions)
        or any(value.startswith("repo:") for test in subjects for value in test.values)
    )


def _about(statement: Statement, claim: str) -> tuple[Condition, ...]:
    return tuple(test for test in statement.conditions if test.key.endswith(f":{claim}"))


def _pins(test: Condition) -> bool:
    """ForAllValues and IfExists hold for tokens without the claim as well."""
    return test.operator.lower() in _PINNING and not test.every and not test.if_exists and bool(test.values)


def _exact(test: Condition) -> bool:
    wild = test.operator.lower() == "stringlike" and any("*" in value or "?" in value for value in test.values)
    return _pins(test) and not wild


def _each(tests: tuple[Condition, ...], pattern: re.Pattern[str]) -> bool:
    return any(_pins(test) and all(pattern.search(_plain(value)) for value in test.values) for test in tests)


def _one_subject(value: str) -> bool:
    text = _plain(value)
    return next(bool(pattern.fullmatch(text)) for prefix, pattern in _SUBJECTS if text.startswith(prefix))


def _plain(value: str) -> str:
    return _SYMBOL.sub("symbol", value)


def _told(statement: Statement, subjects: tuple[Condition, ...]) -> tuple[Node, str]:
    if not subjects:
        return statement.at.at("Condition"), "everybody"
    return subjects[0].at, ", ".join(subjects[0].values) or "everybody"
