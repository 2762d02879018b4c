"""No lifecycle policy that is written here can expire a release, whatever else stands in the repository."""

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import ValidationError

from components.registry.fields import RELEASE_TAGS
from components.registry.lifecycle import NEVER_DAYS, StoredImage, cache_policy, expired, lifecycle_policy
from components.registry.spec import Retention, TagRetention
from components.registry.wildcard import matches

NO_TAGS = frozenset()


def image(digest, *tags, age=0.0, children=()):
    return StoredImage(digest, frozenset(tags), age, frozenset(children))


def rule(priority, status, count, *, patterns=(), prefixes=(), since=None):
    selection = {"tagStatus": status, "countType": "imageCountMoreThan", "countNumber": count}
    if since is not None:
        selection = {"tagStatus": status, "countType": "sinceImagePushed", "countUnit": "days", "countNumber": since}
    if patterns:
        selection["tagPatternList"] = list(patterns)
    if prefixes:
        selection["tagPrefixList"] = list(prefixes)
    return {"rulePriority": priority, "selection": selection, "action": {"type": "expire"}}


def policy(*rules):
    return json.dumps({"rules": list(rules)})


class TestTheEvaluator:
    """The examples of the ECR User Guide ("Examples of lifecycle policies")."""

    def test_by_age(self):
        text = policy(rule(1, "tagged", None, patterns=["prod*"], since=14))
        images = [image("a", "prod1", age=15), image("b", "prod2", age=14), image("c", "dev", age=99)]
        assert expired(text, images) == {"a": 1}

    def test_by_count_the_oldest_go_first(self):
        text = policy(rule(1, "untagged", 1))
        images = [image("old", age=3), image("new", age=1), image("tagged", "x", age=9)]
        assert expired(text, images) == {"old": 1}

    def test_rules_in_order_of_priority(self):
        """The prod rule takes the older prod image; the newer one is then out of the beta rule's reach."""
        images = [
            image("A", "beta-1", "prod-1", age=5),
            image("B", "beta-2", "prod-2", age=4),
            image("C", "beta-3", age=3),
        ]
        prod_first = policy(rule(1, "tagged", 1, prefixes=["prod"]), rule(2, "tagged", 1, prefixes=["beta"]))
        assert expired(prod_first, images) == {"A": 1}
        beta_first = policy(rule(1, "tagged", 1, prefixes=["beta"]), rule(2, "tagged", 1, prefixes=["prod"]))
        assert expired(beta_first, images) == {"A": 1, "B": 1}

    def test_several_patterns_in_one_rule_mean_all_of_them(self):
        text = policy(rule(1, "tagged", 1, patterns=["alpha*", "beta*"]))
        both = [image("A", "alpha-1", "beta-1", age=3), image("B", "alpha-2", "beta-2", age=2)]
        assert expired(text, [*both, image("C", "alpha-3", age=9)]) == {"A": 1}

    def test_any_image_but_those_that_an_earlier_rule_is_about(self):
        text = policy(rule(1, "tagged", 10, patterns=["prod*"]), rule(5, "any", 1))
        images = [image("p", "prod", age=9), image("x", "x", age=8), image("n", age=1)]
        assert expired(text, images) == {"x": 5}

    def test_an_image_that_an_index_lists_stays(self):
        text = policy(rule(1, "untagged", None, since=1))
        images = [image("index", "v1", age=9, children=["child"]), image("child", age=9), image("stray", age=9)]
        assert expired(text, images) == {"stray": 1}

    @pytest.mark.parametrize(
        "rules",
        [
            [rule(1, "untagged", 1), rule(1, "any", 1)],
            [rule(0, "untagged", 1)],
            [rule(1, "any", 1), rule(2, "untagged", 1)],
            [rule(1, "untagged", 1), rule(2, "untagged", 2)],
            [rule(1, "tagged", 1)],
            [rule(1, "untagged", 1, patterns=["a"])],
            [rule(1, "tagged", 1, patterns=["*a*b*c*d*"])],
            [rule(1, "untagged", 0)],
        ],
    )
    def test_it_refuses_what_ecr_refuses(self, rules):
        with pytest.raises(ValueError, match=r"\w"):
            expired(policy(*rules), [])


LETTERS = "abrelsuid-1."
TAGS = st.one_of(
    st.text(LETTERS, min_size=1, max_size=12),
    st.text(LETTERS, max_size=8).map(lambda tail: f"release-{tail}"),
    st.sampled_from(["build-1", "pr-7", "cache", "release-", "release"]),
)
AGES = st.floats(0, NEVER_DAYS, allow_nan=False)
PATTERNS = st.one_of(st.text(LETTERS + "*", min_size=1, max_size=10), st.sampled_from(["build-*", "*", "re*", "pr-*"]))


def allowed(pattern):
    """Whether a stack file may name this pattern at all."""
    try:
        TagRetention(pattern=pattern, days=1)
    except ValidationError:
        return False
    return True


@st.composite
def retentions(draw):
    patterns = draw(st.lists(PATTERNS.filter(allowed), max_size=4, unique=True))
    rows = [
        TagRetention(pattern=pattern, **draw(st.sampled_from([{"days": 1}, {"days": 3650}, {"keep": 1}, {"keep": 3}])))
        for pattern in patterns
    ]
    return Retention(untagged_days=draw(st.integers(1, 30)), tags=tuple(rows))


@st.composite
def repositories(draw):
    """Images with any tags and ages, some of them indexes of others; a tag stands for one image."""
    tags = draw(st.lists(TAGS, unique=True, max_size=16))
    count = draw(st.integers(1, 10))
    owners = [draw(st.integers(0, count - 1)) for _ in tags]
    images = []
    for i in range(count):
        children = draw(st.sets(st.integers(i + 1, count), max_size=3)) if i + 1 < count else set()
        images.append(
            StoredImage(
                f"sha256:{i}",
                frozenset(tag for tag, owner in zip(tags, owners, strict=True) if owner == i),
                draw(AGES),
                frozenset(f"sha256:{child}" for child in children),
            )
        )
    return images


def released(images):
    """Digests of releases and of everything that their indexes list."""
    roots = [i for i in images if any(matches(RELEASE_TAGS, tag) for tag in i.tags)]
    return {i.digest for i in roots} | {child for i in roots for child in i.children}


@given(retentions(), repositories())
@example(
    Retention(untagged_days=1, tags=(TagRetention(pattern="build-*", days=1),)),
    [
        image("both", "build-1", "release-1", age=99, children=["arm", "x86"]),
        image("arm", age=99),
        image("x86", age=99),
    ],
)
def test_a_release_never_expires(retention, images):
    gone = expired(lifecycle_policy(retention), images)
    assert not gone.keys() & released(images)


@given(repositories())
def test_nothing_expires_where_releases_and_mirrored_images_are_kept(images):
    assert expired(lifecycle_policy(None), images) == {}


def test_what_is_no_release_does_expire():
    """The property above would also hold for a policy that never expires anything."""
    text = lifecycle_policy(Retention(untagged_days=14, tags=(TagRetention(pattern="build-*", days=30),)))
    images = [
        image("stray", age=15),
        image("fresh", age=13),
        image("old", "build-1", age=31),
        image("new", "build-2", age=29),
        image("other", "pr-1", age=99),
    ]
    assert expired(text, images) == {"stray": 3, "old": 2}


def test_the_newest_are_kept_by_count():
    text = lifecycle_policy(Retention(tags=(TagRetention(pattern="main-*", keep=2),)))
    images = [image(str(age), f"main-{age}", age=age) for age in range(4)]
    assert expired(text, images) == {"2": 2, "3": 2}


def test_without_the_first_rule_a_release_that_is_also_a_build_would_go():
    """Why releases have a rule of their own: patterns that can't match `release-` are not enough."""
    document = json.loads(lifecycle_policy(Retention(tags=(TagRetention(pattern="build-*", days=1),))))
    both = [image("both", "build-1", "release-1", age=9)]
    assert expired(json.dumps(document), both) == {}
    document["rules"] = document["rules"][1:]
    assert expired(json.dumps(document), both) == {"both": 2}


def test_cached_images_are_dropped_by_age():
    assert expired(cache_policy(90), [image("old", "v1", age=91), image("new", "v2", age=89)]) == {"old": 1}


def test_a_policy_is_long_enough_for_ecr():
    """ECR API reference, PutLifecyclePolicy: 100 to 30720 characters."""
    assert 100 <= len(lifecycle_policy(None)) <= 30720
    assert 100 <= len(lifecycle_policy(Retention())) <= 30720


@pytest.mark.parametrize("pattern", ["*", "re*", "release-*", "*-1", "release-1", "r*e", ""])
def test_a_pattern_that_can_match_a_release_is_refused(pattern):
    with pytest.raises(ValidationError):
        TagRetention(pattern=pattern, days=1)


@pytest.mark.parametrize("measure", [{}, {"days": 1, "keep": 1}, {"days": 0}, {"keep": 0}])
def test_a_tag_rule_has_one_measure(measure):
    with pytest.raises(ValidationError):
        TagRetention(pattern="build-*", **measure)
