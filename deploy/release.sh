# shellcheck shell=bash
# How the tree of a release is deployed: by the AWS CLI alone, without SAM. Sourced after stack.sh.
#
# Its .aws-sam/build is what `sam build` made for the release: template.yaml, in which each CodeUri names a folder with a
# bootstrap. `aws cloudformation package` zips these folders, uploads them to the artefact bucket under their MD5 and
# writes the template with their s3:// addresses; `aws cloudformation deploy` deploys that. SAM's transform is
# CloudFormation's own.

PACKAGED=.aws-sam/packaged.json
RELEASED_FOR=
if is_release; then read -r _ RELEASED_FOR <RELEASE; fi

# Sets ARTEFACTS to the account's artefact bucket in this region, and makes it where it is missing. The bucket's
# settings are set each time, in case an earlier run ended before it had set them.
make_artefact_bucket() {
    ARTEFACTS=${ARTEFACT_BUCKET:-corkboard-artefacts-$ACCOUNT-$REGION}
    local of=(--bucket "$ARTEFACTS" --expected-bucket-owner "$ACCOUNT") place=(--create-bucket-configuration "LocationConstraint=$REGION")
    [ "$REGION" != us-east-1 ] || place=()
    if ! attempt '404, if it is missing' aws s3api head-bucket "${of[@]}" || [ -n "$DRY_RUN" ]; then
        # 403 means that the bucket is somebody else's: names are unique in all of AWS.
        [[ $REPLY == *404* ]] || die "The bucket $ARTEFACTS is not this account's, or you may not look at it: $REPLY"
        run aws s3api create-bucket --bucket "$ARTEFACTS" "${place[@]}" --query Location --output text
    fi
    run aws s3api put-public-access-block "${of[@]}" \
        --public-access-block-configuration BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true
    run aws s3api put-bucket-encryption "${of[@]}" \
        --server-side-encryption-configuration '{"Rules":[{"ApplyServerSideEncryptionByDefault":{"SSEAlgorithm":"AES256"}}]}'
    # Artefacts do not expire by age alone: a failed deployment is put back to the deployed ones, however old these are.
    run aws s3api put-bucket-lifecycle-configuration "${of[@]}" --lifecycle-configuration '{"Rules":[
        {"ID":"superseded","Status":"Enabled","Filter":{"Tag":{"Key":"superseded","Value":"yes"}},"Expiration":{"Days":30}},
        {"ID":"unfinished-uploads","Status":"Enabled","Filter":{"Prefix":""},"AbortIncompleteMultipartUpload":{"DaysAfterInitiation":1}}]}'
}

# Uploads the functions. `--force-upload` takes the tag off an artefact that was superseded and is deployed again.
package_release() {
    step "uploading the functions" "Nothing is deployed yet. You need s3:CreateBucket, s3:ListBucket, s3:PutObject and s3:Put…Configuration on the artefact bucket; ARTEFACT_BUCKET=… is one of another name."
    make_artefact_bucket
    run aws cloudformation package --template-file .aws-sam/build/template.yaml --s3-bucket "$ARTEFACTS" --s3-prefix "$STACK" \
        --force-upload --use-json --output-template-file "$PACKAGED" >/dev/null
}

# Deploys what was uploaded, with the parameters in a file. Where that fails, says what failed.
deploy_release() {
    run aws cloudformation deploy --template-file "$PACKAGED" --stack-name "$STACK" --s3-bucket "$ARTEFACTS" --s3-prefix "$STACK" \
        --capabilities CAPABILITY_IAM --no-fail-on-empty-changeset --parameter-overrides "file://$1" \
        --tags application=corkboard "stack=$STACK" && return
    local status=$?
    # The newest hundred events, the oldest of them first.
    answer '' aws cloudformation describe-stack-events --stack-name "$STACK" --no-paginate --output text \
        --query "reverse(StackEvents[?ends_with(ResourceStatus, '_FAILED')].[LogicalResourceId,ResourceStatusReason])" >&2 || true
    return "$status"
}

# Marks the artefacts that the deployed template does not name as superseded: they expire.
retire_artefacts() {
    local keys key
    keys=$(answer '' aws s3api list-objects-v2 --bucket "$ARTEFACTS" --prefix "$STACK/" --query 'Contents[].[Key]' --output text)
    while read -r key; do
        if [ -z "$key" ] || [ "$key" = None ] || grep -qF "\"s3://$ARTEFACTS/$key\"" "$PACKAGED"; then continue; fi
        run aws s3api put-object-tagging --bucket "$ARTEFACTS" --key "$key" --tagging 'TagSet=[{Key=superseded,Value=yes}]'
    done <<<"$keys"
}
