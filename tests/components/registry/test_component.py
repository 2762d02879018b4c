"""What a registry registers."""

import pytest
from pulumi_aws import ecr, kms


def test_a_preview_registers_the_same(record, program, full):
    assert record(program(full), preview=True).identities == record(program(full)).identities
