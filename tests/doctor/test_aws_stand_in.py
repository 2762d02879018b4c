"""`herd doctor --aws` on the stand-in cloud: the real stacks' pools against an account as new as can be."""

from pathlib import Path

import pytest

from components.gpu_cluster.bounds import quota_needs
from herd.cloud import seed
from herd.cloud.server import CloudServer
from herd.doctor.aws.checks import examine
from herd.doctor.aws.load import demand_of
from herd.rehearse.account import prepare
from herd.stackfile import load_stack

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def running():
    with CloudServer() as server:
        yield server


@pytest.fixture
def cloud(running):
    running.reset()
    return running


@pytest.fixture
def ask(cloud):
    """The verdicts of each check, for a stack in its own account and region."""

    def examined(stack):
        demand = demand_of(ROOT, stack)
        context = demand.context

        def client(service):
            return cloud.client(service, context.account, context.region)

        return demand, {check.name: findings for check, findings in examine(demand, client)}

    return examined


def verdicts(findings):
    return {finding.verdict for finding in findings}


def test_a_new_account_lacks_quotas_reservations_and_the_role_of_spot(ask):
    _, prod = ask("prod")
    assert verdicts(prod["account"]) == verdicts(prod["zones"]) == verdicts(prod["offerings"]) == {"pass"}
    assert verdicts(prod["quotas"]) == {"fail"}
    assert [finding.said for finding in prod["reservations"] if "isn't there" in finding.said]
    assert verdicts(prod["versions"]) == {"pass"}
    assert verdicts(prod["images"]) == {"open"}
    _, dev = ask("dev")
    assert verdicts(dev["spot"]) == {"fail"}


def test_an_account_that_got_what_the_stack_asks_for_holds_it(ask, cloud):
    demand, _ = ask("prod")
    account, region = demand.context.account, demand.context.region
    prepare(cloud, account, region, load_stack(ROOT, "prod").own())
    granted = {need.code: need.vcpus for need in quota_needs(demand.pools, demand.reservations) if need.code}
    seed.quotas(cloud.endpoint, account, region, granted)
    _, prod = ask("prod")
    assert verdicts(prod["quotas"]) == verdicts(prod["reservations"]) == {"pass"}
    seed.quotas(cloud.endpoint, account, region, {code: vcpus - 1 for code, vcpus in granted.items()})
    _, prod = ask("prod")
    assert verdicts(prod["quotas"]) == {"fail"}
