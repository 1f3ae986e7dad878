# shellcheck shell=bash
# The stack as CloudFormation knows it, whatever state it is in, and its two protections. Sourced after lib.sh.

# Sets STATUS, which is NONE where there is no such stack, and STACK_ID. A stack that was deleted is known by its
# id alone.
read_status() {
    if attempt '<status> <stack id>' aws cloudformation describe-stacks --stack-name "$STACK" --query 'Stacks[0].[StackStatus,StackId]' --output text; then
        read -r STATUS STACK_ID <<<"$REPLY"
    else
        [[ $REPLY == *'does not exist'* ]] || die "$REPLY"
        STATUS=NONE STACK_ID=
    fi
}

# Reads the values of the stack's parameters, for `parameter`.
read_parameters() {
    PARAMETERS=$(answer '' aws cloudformation describe-stacks --stack-name "$STACK" \
        --query 'Stacks[0].Parameters[].[ParameterKey,ParameterValue]' --output text)
}

parameter() {
    awk -F '\t' -v key="$1" '$1 == key { print $2 }' <<<"$PARAMETERS"
}

# Reads the stack's resources, for `resource` and `resources_that`. A stack that could not be created has no outputs,
# but it has these; describe-stack-resources would end at the hundredth.
read_resources() {
    RESOURCES=$(answer '' aws cloudformation list-stack-resources --stack-name "${STACK_ID:-$STACK}" \
        --query 'StackResourceSummaries[].[LogicalResourceId,ResourceStatus,PhysicalResourceId,ResourceType,ResourceStatusReason]' --output text)
}

# The name that AWS gave a resource; empty where there is none, or none any more.
resource() {
    if [ -n "$DRY_RUN" ]; then
        printf '<%s>\n' "$1"
    else
        awk -F '\t' -v key="$1" '$1 == key && $2 != "DELETE_COMPLETE" && $3 != "None" { print $3 }' <<<"$RESOURCES"
    fi
}

# Prints a line on each resource whose status matches $1: its names, its type and, where AWS said it, the reason.
resources_that() {
    awk -F '\t' -v status="$1" '$2 ~ status && $3 != "None" {
        printf "  %s (%s) %s%s\n", $1, $4, $3, $5 == "None" || $5 == "" ? "" : ": " $5
    }' <<<"$RESOURCES"
}

# Snapshots that were made of a cluster by hand or by CloudFormation.
snapshots_of() {
    answer '<snapshot>' aws rds describe-db-cluster-snapshots --snapshot-type manual \
        --query "DBClusterSnapshots[?DBClusterIdentifier=='$1'].[DBClusterSnapshotIdentifier,SnapshotCreateTime]" --output text
}

# Switches the protections on (`on`) or off: of the stack against being deleted, and of the cluster named. They are not
# the template's, because CloudFormation deletes no cluster that is protected: a failed creation could not be undone.
protect() {
    local no=no- wanted=False
    [ "$1" = off ] || no='' wanted=True
    run aws cloudformation update-termination-protection --stack-name "$STACK" "--${no}enable-termination-protection" \
        --query StackId --output text
    [ -n "$2" ] || return 0
    # The protection is looked at before it is changed, because a change waits for the database to be available.
    if ! attempt '<protected>' aws rds describe-db-clusters --db-cluster-identifier "$2" --query 'DBClusters[0].DeletionProtection' --output text; then
        [[ $REPLY == *DBClusterNotFoundFault* ]] || die "$REPLY"
    elif [ "$REPLY" != "$wanted" ]; then
        run aws rds modify-db-cluster --db-cluster-identifier "$2" "--${no}deletion-protection" --apply-immediately \
            --query DBCluster.DBClusterIdentifier --output text
    fi
}

# Deletes the stack with what it does not retain. Fails where something is left.
delete_stack() {
    run aws cloudformation delete-stack --stack-name "$STACK"
    run aws cloudformation wait stack-delete-complete --stack-name "${STACK_ID:-$STACK}"
}
