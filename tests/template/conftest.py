import os
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "support"), str(HERE.parents[1] / "deploy")]
# For boto3 and SAM; nothing here talks to AWS.
os.environ.update(AWS_DEFAULT_REGION="eu-central-1", AWS_ACCESS_KEY_ID="none", AWS_SECRET_ACCESS_KEY="none",
                  AWS_EC2_METADATA_DISABLED="true", SAM_CLI_TELEMETRY="0")


@pytest.fixture
def account(tmp_path):
    from account import Account
    return Account(tmp_path)
