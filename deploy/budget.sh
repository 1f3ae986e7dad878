# shellcheck shell=bash
# The account's monthly budget. It is no resource of the template, since AWS::Budgets::Budget is missing in many
# regions. Sourced after lib.sh.

# Sets the stack's budget to `amount` dollars a month, told to the address `email`; 0 is none. Changes what differs.
set_budget() {
    local amount=$1 email=$2 name=$STACK-$REGION there='' told=''
    local of=(--region us-east-1 --account-id "$ACCOUNT")
    local actual='NotificationType=ACTUAL,ComparisonOperator=GREATER_THAN,Threshold=80,ThresholdType=PERCENTAGE'
    local forecast='NotificationType=FORECASTED,ComparisonOperator=GREATER_THAN,Threshold=100,ThresholdType=PERCENTAGE'
    if attempt '<amount>' aws budgets describe-budget "${of[@]}" --budget-name "$name" --query Budget.BudgetLimit.Amount --output text; then
        there=$REPLY
    elif [[ $REPLY != *NotFoundException* ]]; then
        [ "$amount" = 0 ] || die "$REPLY"
        # An account without the right to look has made no budget.
        printf 'Whether the budget %s is left could not be looked at: %s\n' "$name" "$REPLY" >&2
        return 0
    fi
    if [ -n "$there" ] && [ "$amount" != 0 ]; then
        told=$(answer '' aws budgets describe-subscribers-for-notification "${of[@]}" --budget-name "$name" \
            --notification "$actual" --query 'Subscribers[0].Address' --output text)
    fi
    local budget="BudgetName=$name,BudgetLimit={Amount=$amount,Unit=USD},TimeUnit=MONTHLY,BudgetType=COST"
    local subscriber="SubscriptionType=EMAIL,Address=$email"
    if [ -n "$there" ] && { [ "$amount" = 0 ] || [ "$told" != "$email" ]; }; then
        run aws budgets delete-budget "${of[@]}" --budget-name "$name"
        there=
    fi
    if [ "$amount" = 0 ]; then
        :
    elif [ -z "$there" ]; then
        run aws budgets create-budget "${of[@]}" --budget "$budget" --notifications-with-subscribers \
            "Notification={$actual},Subscribers=[{$subscriber}]" "Notification={$forecast},Subscribers=[{$subscriber}]"
    elif awk -v there="$there" -v wanted="$amount" 'BEGIN { exit there + 0 == wanted + 0 }'; then
        run aws budgets update-budget "${of[@]}" --new-budget "$budget"
    fi
}
