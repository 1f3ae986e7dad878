"""The fixtures of all Python tests."""

import os

import pytest

# For boto3 and SAM, which want to be told something; no test talks to AWS.
os.environ.update(AWS_DEFAULT_REGION="eu-central-1", AWS_ACCESS_KEY_ID="none", AWS_SECRET_ACCESS_KEY="none",
                  AWS_EC2_METADATA_DISABLED="true", SAM_CLI_TELEMETRY="0")


@pytest.fixture(scope="session")
def board():
    """A running board without a posting limit, since all posts of the tests come from one address."""
    from corkboard import corkboard
    with corkboard(POSTS_PER_MINUTE="0") as board:
        yield board


@pytest.fixture
def account(tmp_path):
    """A clone to deploy from, and an AWS account with one stack."""
    from account import account
    with account(tmp_path) as made:
        yield made
