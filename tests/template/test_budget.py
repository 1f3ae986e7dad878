"""The account's budget, which make deploy and make undeploy keep."""

import pytest


@pytest.fixture
def deployed(account):
    """Deploys with a budget, and gives what was done to it."""
    def deploy(amount: int, address: str = "ada@board.example") -> list[str]:
        account.state["stack"]["parameters"] |= {"MonthlyBudget": str(amount), "AlarmEmail": address}
        account.state["made"]["parameters"] |= {"MonthlyBudget": str(amount), "AlarmEmail": address}
        done = account.run("deploy")
        assert done.returncode == 0, done.stderr
        assert all("--region us-east-1 --account-id 123456789012" in call for call in account.calls if "aws budgets" in call)
        return [call.line[2] for call in account.changes() if "aws budgets" in call]
    return deploy


def test_a_budget_is_made_kept_changed_and_removed(account, deployed):
    assert deployed(0, "") == []
    assert deployed(20) == ["create-budget"]
    assert account.state["budget"] == {"amount": "20.0", "address": "ada@board.example"}
    assert deployed(20) == []
    assert deployed(30) == ["update-budget"]
    assert account.state["budget"] == {"amount": "30.0", "address": "ada@board.example"}
    assert deployed(30, "eve@board.example") == ["delete-budget", "create-budget"]
    assert account.state["budget"] == {"amount": "30.0", "address": "eve@board.example"}
    assert deployed(0) == ["delete-budget"]
    assert account.state["budget"] is None


def test_what_is_mailed_is_80_percent_spent_and_more_than_all_forecast(account, deployed):
    deployed(20)
    line, = (" ".join(call.line) for call in account.calls if "create-budget" in call)
    assert "BudgetName=corkboard-eu-central-1,BudgetLimit={Amount=20,Unit=USD},TimeUnit=MONTHLY,BudgetType=COST" in line
    for kind, threshold in (("ACTUAL", 80), ("FORECASTED", 100)):
        assert (f"Notification={{NotificationType={kind},ComparisonOperator=GREATER_THAN,Threshold={threshold},ThresholdType=PERCENTAGE}},"
                "Subscribers=[{SubscriptionType=EMAIL,Address=ada@board.example}]") in line


def test_undeploy_removes_it(account, deployed):
    deployed(20)
    assert account.run("undeploy", YES="corkboard").returncode == 0
    assert account.state["budget"] is None


def test_who_may_not_look_at_budgets_and_wants_none_goes_on(account):
    refused = {"aws budgets": ["AccessDeniedException", "not authorized to perform: budgets:ViewBudget"]}
    done = account.run("deploy", answers=refused)
    assert done.returncode == 0 and "could not be looked at" in done.stderr
    for stack in ("stack", "made"):
        account.state[stack]["parameters"] |= {"MonthlyBudget": "20", "AlarmEmail": "ada@board.example"}
    done = account.run("deploy", answers=refused)
    assert done.returncode != 0 and "budgets:ViewBudget" in done.stderr and "deploy failed while setting the budget" in done.stderr
