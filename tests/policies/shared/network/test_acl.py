"""Network ACLs: the first rule that matches decides, among those of the same ACL."""

import pytest

from policies.engine.subject import Stack, Subject
from policies.rules._shared.network.acl import Traffic, denied_before
from policies.rules._shared.network.ingress import NETWORK_ACL_RULE, ingress_rules

SSH = Traffic("tcp", (22, 22), "0.0.0.0/0")


def rule(name, acl, number, action="allow"):
    values = {
        "networkAclId": acl,
        "ruleNumber": number,
        "ruleAction": action,
        "protocol": "-1",
        "cidrBlock": "0.0.0.0/0",
    }
    return Subject(f"urn:{name}", NETWORK_ACL_RULE, name, values)


@pytest.mark.parametrize(
    ("acl", "number", "denied"),
    [("acl-1", 90, True), ("acl-1", 110, False), ("acl-2", 90, False)],
    ids=["before", "behind", "of another ACL"],
)
def test_an_earlier_rule_of_the_same_acl_denies(acl, number, denied):
    allowing = rule("allow", "acl-1", 100)
    stack = Stack((rule("deny", acl, number, "deny"), allowing))
    (asked,) = ingress_rules(allowing)
    assert denied_before(asked, allowing, stack, SSH) is denied


def test_rules_are_grouped_by_their_acl_once_a_stack(monkeypatch):
    rules = [rule(f"r{number}", f"acl-{number}", 100) for number in range(5)]
    stack, looked = Stack(tuple(rules)), []
    of_type = Stack.of_type
    monkeypatch.setattr(Stack, "of_type", lambda self, *types: looked.append(types) or of_type(self, *types))
    assert not any(denied_before(next(iter(ingress_rules(one))), one, stack, SSH) for one in rules)
    assert looked == [(NETWORK_ACL_RULE,)]
