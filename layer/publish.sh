#!/bin/sh
# publish.sh: publishes build/layer/countersign-ARCH.zip as layers of your account, by the AWS CLI.
#
#   REGION=eu-west-1 make publish          one region; several with blanks between
#   ALL=1 make publish                     every region that the account has switched on
#   DRY_RUN=1 ALL=1 make publish           prints the commands; asks AWS for the list of regions alone
#
# NAME          the layers' name, countersign; each architecture is a layer, countersign-arm64
# ARCHITECTURES x86_64 arm64
# ORGANIZATION  o-...: every account of this organization may use the layers
# PUBLIC        1: every account in the world may
#
# Without the last two a layer is for its own account. Whose account, and with which rights: as the AWS CLI
# is set up (AWS_PROFILE); it needs lambda:PublishLayerVersion, and lambda:AddLayerVersionPermission to share.
# Prints the ARN of each layer version, one a line.
set -eu
exec 3>&1
cd "$(dirname "$0")/.."

NAME=${NAME:-countersign} ARCHITECTURES=${ARCHITECTURES:-x86_64 arm64}
REGION=${REGION:-} ALL=${ALL:-} DRY_RUN=${DRY_RUN:-} ORGANIZATION=${ORGANIZATION:-} PUBLIC=${PUBLIC:-}
DESCRIPTION="Signs plain HTTP requests to AWS with the function's own role"

fail() {
    echo "publish: $1" >&2
    exit 2
}

# run COMMAND...: runs it, or shows it as one could type it
run() {
    if [ -z "$DRY_RUN" ]; then
        "$@"
        return
    fi
    line=
    for word; do
        case $word in
        *[!A-Za-z0-9_./:=-]*) line="$line '$(printf %s "$word" | sed "s/'/'\\\\''/g")'" ;;
        *) line="$line $word" ;;
        esac
    done
    echo "${line# }" >&3
}

# share REGION LAYER VERSION NAME [OPTION VALUE]: lets others use a version
share() {
    region=$1 layer=$2 version=$3 statement=$4
    shift 4
    run aws lambda add-layer-version-permission --region "$region" --layer-name "$layer" --version-number "$version" \
        --statement-id "$statement" --action lambda:GetLayerVersion --principal '*' "$@" --output text --query Statement >/dev/null
}

# publish REGION ARCHITECTURE
publish() {
    layer=$NAME-$2
    # No --compatible-runtimes: it would only hide the layer from the lists of runtimes that are to come.
    published=$(run aws lambda publish-layer-version --region "$1" --layer-name "$layer" \
        --compatible-architectures "$2" --zip-file "fileb://build/layer/countersign-$2.zip" --license-info MIT \
        --description "$DESCRIPTION" --output text --query LayerVersionArn)
    [ -z "$DRY_RUN" ] || published=VERSION
    version=${published##*:}
    [ -z "$ORGANIZATION" ] || share "$1" "$layer" "$version" organization --organization-id "$ORGANIZATION"
    [ -z "$PUBLIC" ] || share "$1" "$layer" "$version" public
    [ -n "$DRY_RUN" ] || echo "$published"
}

[ -n "$REGION$ALL" ] || fail "say where: REGION=eu-west-1, or ALL=1 for every region of the account"
[ -z "$REGION" ] || [ -z "$ALL" ] || fail "REGION and ALL=1 exclude each other"
[ -z "$ORGANIZATION" ] || [ -z "$PUBLIC" ] || fail "ORGANIZATION and PUBLIC=1 exclude each other"
for architecture in $ARCHITECTURES; do
    [ -f "build/layer/countersign-$architecture.zip" ] ||
        fail "build/layer/countersign-$architecture.zip is not there; make layer builds it"
done
[ -n "$DRY_RUN" ] && [ -z "$ALL" ] || command -v aws >/dev/null || fail "the AWS CLI, aws, is not in the PATH"

[ -z "$ALL" ] || REGION=$(aws ec2 describe-regions --query 'Regions[].RegionName' --output text)
for region in $REGION; do
    for architecture in $ARCHITECTURES; do
        publish "$region" "$architecture"
    done
done
