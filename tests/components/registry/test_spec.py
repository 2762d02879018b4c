"""A registry that can't work is refused when the stack file is read, with every problem at its place."""

import pytest

from components.base.problems import InvalidInputError
from components.base.validation import validate
from components.registry.derive import check
from components.registry.fields import repeats
from components.registry.spec import RegistrySpec

HEX = "0123456789abcdef" * 4
CUDA = f"nvcr.io/nvidia/cuda@sha256:{HEX}"
TOOL = f"quay.io/tools/regctl@sha256:{HEX}"
SECRET = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:ecr-pullthroughcache/hub-AbCdEf"


def problems(data):
    """Field and message of every problem that reading finds."""
    try:
        validate(RegistrySpec, data, file="Pulumi.dev.yaml")
    except InvalidInputError as error:
        return [(problem.field, problem.message) for problem in error.problems]
    return []


def test_the_full_registry_is_fine(full):
    assert problems(full) == []


def test_an_empty_registry_is_fine():
    assert problems({}) == []


BAD = [
    ("repositories[1].name", "declared already", {"repositories": [{"name": "a/b"}, {"name": "a/b"}]}),
    ("repositories[0].name", "pattern", {"repositories": [{"name": "Ab"}]}),
    ("repositories[0].retention", "keeps everything", {"repositories": [{"name": "released/a", "retention": {}}]}),
    (
        "repositories[0].mutableTags",
        "every tag is final",
        {"repositories": [{"name": "released/a", "mutableTags": ["cache-*"]}]},
    ),
    ("repositories[0].mutableTags[0]", "can match a release", {"repositories": [{"name": "ab", "mutableTags": ["*"]}]}),
    (
        "repositories[0].mutableTags",
        "at most 5",
        {"repositories": [{"name": "ab", "mutableTags": ["a", "b", "c", "d", "e", "f"]}]},
    ),
    (
        "repositories[0].retention.tags[0].pattern",
        "can match a release",
        {"repositories": [{"name": "ab", "retention": {"tags": [{"pattern": "rel*", "days": 1}]}}]},
    ),
    (
        "repositories[0].retention.tags[1].pattern",
        "a rule already",
        {
            "repositories": [
                {"name": "ab", "retention": {"tags": [{"pattern": "b-*", "days": 1}, {"pattern": "b-*", "keep": 1}]}}
            ]
        },
    ),
    (
        "repositories[0].retention.tags[0]",
        "either days or keep",
        {"repositories": [{"name": "ab", "retention": {"tags": [{"pattern": "b-*"}]}}]},
    ),
    (
        "repositories[0].pullAccounts",
        "more than once",
        {"repositories": [{"name": "ab", "pullAccounts": ["1" * 12] * 2}]},
    ),
    ("repositories[0].name", "belongs to the mirror", {"repositories": [{"name": "mirrors/x"}]}),
    (
        "repositories[0].name",
        "pull-through cache",
        {"repositories": [{"name": "quay/x"}], "caches": [{"upstream": "quay"}]},
    ),
    ("caches[0].upstream", "did you mean 'quay'", {"caches": [{"upstream": "quai"}]}),
    ("caches[0].upstream", "mirrored by digest", {"caches": [{"upstream": "nvcr"}]}),
    (
        "caches[1].prefix",
        "share repositories",
        {"caches": [{"upstream": "quay"}, {"upstream": "k8s", "prefix": "quay"}]},
    ),
    ("caches[1].prefix", "share", {"caches": [{"upstream": "quay"}, {"upstream": "k8s", "prefix": "quay/k8s"}]}),
    ("caches[0].prefix", "share", {"caches": [{"upstream": "quay", "prefix": "released"}]}),
    ("caches[0].prefix", "share", {"caches": [{"upstream": "quay", "prefix": "mirrors/quay"}]}),
    ("caches[0].url", "is always quay.io", {"caches": [{"upstream": "quay", "url": "quay.example.com"}]}),
    ("caches[0].url", "your own host", {"caches": [{"upstream": "ecr"}]}),
    ("caches[0].credentialArn", "asks for credentials", {"caches": [{"upstream": "docker-hub"}]}),
    ("caches[0].credentialArn", "takes no credentials", {"caches": [{"upstream": "quay", "credentialArn": SECRET}]}),
    (
        "caches[0].credentialArn",
        "starts with ecr-pullthroughcache/",
        {"caches": [{"upstream": "docker-hub", "credentialArn": SECRET.replace("ecr-pullthroughcache/", "x/")}]},
    ),
    ("caches[0].credentialArn", "pattern", {"caches": [{"upstream": "docker-hub", "credentialArn": "hunter2"}]}),
    (
        "caches[0].roleArn",
        "not read with a role",
        {"caches": [{"upstream": "quay", "roleArn": "arn:aws:iam::111122223333:role/x"}]},
    ),
    ("mirror.images", "at least one", {"mirror": {"tool": TOOL, "images": []}}),
    ("mirror.images[0]", "not pinned by digest", {"mirror": {"tool": TOOL, "images": ["nvcr.io/nvidia/cuda:12"]}}),
    ("mirror.images[0]", "has no tag", {"mirror": {"tool": TOOL, "images": ["nvcr.io/nvidia/cuda@unresolved"]}}),
    ("mirror.images[1]", "copied already", {"mirror": {"tool": TOOL, "images": ["n.io/a:1@unresolved"] * 2}}),
    ("mirror.images[1]", "copied already", {"mirror": {"tool": TOOL, "images": [CUDA, CUDA]}}),
    (
        "mirror.images[1]",
        "another digest already",
        {"mirror": {"tool": TOOL, "images": [f"n.io/a:1@sha256:{HEX}", f"n.io/a:1@sha256:{HEX[::-1]}"]}},
    ),
    ("mirror.tool", "not pinned by digest", {"mirror": {"tool": "quay.io/a:latest", "images": [CUDA]}}),
    ("mirror.schedule", "pattern", {"mirror": {"tool": TOOL, "images": [CUDA], "schedule": "0 3 * * *"}}),
    (
        "mirror.timezone",
        "without a schedule",
        {"mirror": {"tool": TOOL, "images": [CUDA], "timezone": "Europe/Dublin"}},
    ),
    ("mirror.timeoutMinutes", "equal to 5", {"mirror": {"tool": TOOL, "images": [CUDA], "timeoutMinutes": 1}}),
    ("mirror.logDays", "1, 3, 5", {"mirror": {"tool": TOOL, "images": [CUDA], "logDays": 2}}),
    (
        "mirror.logins[0].registry",
        "no image is read from there",
        {
            "mirror": {
                "tool": TOOL,
                "images": [CUDA],
                "logins": [{"registry": "quay.io", "username": "u", "secretArn": SECRET}],
            }
        },
    ),
    (
        "mirror.images[0]",
        "cached already (quay)",
        {"caches": [{"upstream": "quay"}], "mirror": {"tool": TOOL, "images": [f"quay.io/a@sha256:{HEX}"]}},
    ),
    ("scanning.continuous", "only ENHANCED", {"scanning": {"type": "BASIC", "continuous": ["*"]}}),
    ("scanning.onPush", "nothing would be scanned", {"scanning": {"onPush": []}}),
    ("scanning.onPush[0]", "pattern", {"scanning": {"onPush": ["No Such"]}}),
    (
        "replication.to[1]",
        "already",
        {"replication": {"to": [{"account": "4" * 12, "region": "eu-west-1"}] * 2}},
    ),
    ("replication.acceptFrom[1]", "already", {"replication": {"acceptFrom": ["4" * 12] * 2}}),
    ("replication.to[0].region", "pattern", {"replication": {"to": [{"account": "4" * 12, "region": "Ireland"}]}}),
    ("keyDeletionDays", "equal to 7", {"keyDeletionDays": 1}),
    ("nonsense", "unknown key", {"nonsense": 1}),
]


@pytest.mark.parametrize(("field", "message", "data"), BAD, ids=[f"{field}: {message}" for field, message, _ in BAD])
def test_it_is_refused_where_it_stands(field, message, data):
    found = problems(data)
    assert [place for place, _ in found] == [field]
    assert message in found[0][1]


def test_all_problems_at_once():
    data = {
        "repositories": [{"name": "released/a", "retention": {}, "mutableTags": ["c-*"]}, {"name": "UPPER"}],
        "caches": [{"upstream": "quai"}, {"upstream": "docker-hub"}],
        "mirror": {"tool": TOOL, "images": ["nvcr.io/a"]},
    }
    assert [field for field, _ in problems(data)] == [
        "caches[0].upstream",
        "caches[1].credentialArn",
        "mirror.images[0]",
        "repositories[0].mutableTags",
        "repositories[0].retention",
        "repositories[1].name",
    ]


def in_stack(data, context, second_region="eu-central-1"):
    return {
        ".".join(map(str, path)): text
        for path, text in check(RegistrySpec.model_validate(data), context, second_region)
    }


def test_the_full_registry_fits_its_stack(full, make_context):
    assert in_stack(full, make_context("prod")) == {}


@pytest.mark.parametrize(("environment", "refused"), [("dev", False), ("test", True), ("prod", True)])
def test_tags_move_in_dev_alone(make_context, environment, refused):
    found = in_stack({"repositories": [{"name": "ab", "mutableTags": ["cache-*"]}]}, make_context(environment))
    assert list(found) == (["repositories.0.mutableTags"] if refused else [])


STACK_BAD = [
    ("repositories.0.pullAccounts", {"repositories": [{"name": "ab", "pullAccounts": ["111122223333"]}]}),
    (
        "caches.0.credentialArn",
        {"caches": [{"upstream": "docker-hub", "credentialArn": SECRET.replace("eu-west-1", "eu-west-2")}]},
    ),
    (
        "caches.0.credentialArn",
        {"caches": [{"upstream": "docker-hub", "credentialArn": SECRET.replace("111122223333", "4" * 12)}]},
    ),
    (
        "caches.0.roleArn",
        {
            "caches": [
                {
                    "upstream": "ecr",
                    "url": "444455556666.dkr.ecr.eu-west-1.amazonaws.com",
                    "roleArn": "arn:aws:iam::444455556666:role/x",
                }
            ]
        },
    ),
    ("caches.0.url", {"caches": [{"upstream": "ecr", "url": "111122223333.dkr.ecr.eu-west-1.amazonaws.com"}]}),
    (
        "mirror.logins.0.secretArn",
        {
            "mirror": {
                "tool": TOOL,
                "images": [CUDA],
                "logins": [
                    {"registry": "nvcr.io", "username": "u", "secretArn": SECRET.replace("eu-west-1", "us-east-1")}
                ],
            }
        },
    ),
    ("replication.to.0", {"replication": {"to": [{"account": "111122223333", "region": "eu-west-1"}]}}),
    ("replication.to.0", {"replication": {"to": [{"account": "111122223333", "region": "eu-west-2"}]}}),
    (
        "replication.to.0",
        {"replication": {"to": [{"account": "4" * 12, "region": "eu-west-1"}], "acceptFrom": ["4" * 12]}},
    ),
    ("replication.acceptFrom", {"replication": {"acceptFrom": ["111122223333"]}}),
]


@pytest.mark.parametrize(("field", "data"), STACK_BAD)
def test_it_must_fit_the_stack(make_context, field, data):
    assert list(in_stack(data, make_context("test"))) == [field]


@pytest.mark.parametrize("second_region", [None, "eu-west-1"])
def test_a_second_region_is_another_region(make_context, second_region):
    found = in_stack({"replication": {"secondRegion": True}}, make_context("test"), second_region)
    assert list(found) == ["replication.secondRegion"]


def test_repeats():
    assert repeats(["a", "b", "a", "a"]) == [2, 3]
