#!/bin/sh
# A Lambda function in plain shell: it uploads a recording, has it transcribed and tidies up, with curl alone.
#
# It is a custom runtime: it asks Lambda for the next invocation, does the job and posts the result. It signs
# nothing and knows no AWS address: every call goes to PROXY, with the session token that Lambda gave it.
# Needs BUCKET and PROXY (such as http://localhost:2774), and hello.wav in its own folder.
# Each call is reported on one line of standard output, for whoever watches, and then JOB with the outcome:
#   CALL <tab> what <tab> method <tab> URL <tab> headers and body <tab> status <tab> seconds <tab> remark
set -u

lambda="http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime"
recording=$LAMBDA_TASK_ROOT/hello.wav
object=s3/$BUCKET/calls/hello%20world.wav
number=0
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 0' TERM

# call WHAT METHOD PATH [curl's options]: one request through the proxy; its answer is left in $status,
# $work/head and $work/body.
call() {
    what=$1 method=$2 url=$PROXY/$3
    shift 3
    : >"$work/head" && : >"$work/body"
    result=$(curl --silent --show-error --max-time 10 --request "$method" \
        --header "X-Countersign-Token: $AWS_SESSION_TOKEN" "$@" \
        --dump-header "$work/head" --output "$work/body" --write-out '%{http_code} %{time_total}' "$url") ||
        result="000 0"
    status=${result% *} seconds=${result#* }
    printf 'CALL\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n' \
        "$what" "$method" "$url" "$(sent "$@")" "$status" "$seconds" "$(remark | tr -d '\n')"
}

# sent [curl's options]: the headers and the body that go with a request, with " | " between.
# The token is shown by its variable's name: its value is in no log.
sent() {
    printf 'X-Countersign-Token: $AWS_SESSION_TOKEN'
    while [ $# -gt 0 ]; do
        case $1 in
        --header) printf ' | %s' "$2" ;;
        --data-binary) printf ' | %s' "$2" | tr -d '\n' ;;
        --upload-file) printf ' | %s, %d bytes' "${2##*/}" "$(wc -c <"$2")" ;;
        esac
        shift 2
    done
}

# remark: what is worth knowing about the answer: the error's code, the job's state, the key, ETag and length
remark() {
    sed -n 's/^[Xx]-[Cc]ountersign-[Ee]rror: *\([^[:cntrl:]]*\).*/refused by the proxy; /p' "$work/head"
    for name in Code Message TranscriptionJobStatus KeyCount Key; do
        value=$(field "$name")
        [ -n "$value" ] && printf '%s %s; ' "$name" "$value"
    done
    sed -n 's/^[Ee][Tt]ag: *\([^[:cntrl:]]*\).*/ETag \1; /p;
            s/^[Cc]ontent-[Ll]ength: *\([1-9][0-9]*\).*/\1 bytes; /p' "$work/head"
}

# field NAME: the value of that name in the answer, be it XML or JSON
field() {
    tr -d '\n' <"$work/body" 2>/dev/null | LC_ALL=C sed -n \
        -e "s/.*<$1>\([^<]*\)<.*/\1/p" -e "s/.*\"$1\": *\"\([^\"]*\)\".*/\1/p" | head -n 1
}

# want STATUS: goes on only where the last call got that status
want() {
    [ "$status" = "$1" ] || fail "$what: status $status, not $1"
}

fail() {
    printf '%s' "$1" >"$work/reason"
    exit 1
}

transcribe() {
    call "$1" POST transcribe/ --header "X-Amz-Target: Transcribe.$2" \
        --header "Content-Type: application/x-amz-json-1.1" --data-binary "$3"
}

# The job: what a function with a microphone, a bucket and a role would do.
work_through() {
    call "Upload the recording" PUT "$object" --header "Content-Type: audio/wav" --upload-file "$recording"
    want 200

    transcribe "Start a transcription of it" StartTranscriptionJob \
        "{\"TranscriptionJobName\":\"$job\",\"LanguageCode\":\"en-US\",\"MediaFormat\":\"wav\",
\"Media\":{\"MediaFileUri\":\"s3://$BUCKET/calls/hello world.wav\"}}"
    want 200

    wait_for_the_job

    call "Download the recording" GET "$object"
    want 200
    cmp "$recording" "$work/body" || fail "the download differs from the upload"

    call "List the bucket" GET "s3/$BUCKET?list-type=2"
    want 200
    [ "$(field Key)" = "calls/hello world.wav" ] || fail "the bucket lists another key: $(field Key)"

    call "Delete the recording" DELETE "$object"
    want 204
}

wait_for_the_job() {
    tries=0
    while [ $tries -lt 10 ]; do
        transcribe "Read the transcription job" GetTranscriptionJob "{\"TranscriptionJobName\":\"$job\"}"
        want 200
        [ "$(field TranscriptionJobStatus)" = COMPLETED ] && return
        tries=$((tries + 1))
        sleep 0.1
    done
    fail "the job was not done in time"
}

# The runtime's loop. Each job has a shell of its own, so that a failure ends the job and not the function.
while curl --silent --dump-header "$work/next" --output "$work/event" "$lambda/invocation/next"; do
    invocation=$(sed -n 's/^Lambda-Runtime-Aws-Request-Id: \([-0-9a-f]*\).*/\1/p' "$work/next")
    number=$((number + 1))
    job=hello-$$-$number
    : >"$work/reason"
    if (work_through); then
        printf 'JOB\tdone\n'
        curl --silent --output /dev/null --data '{"done":true}' "$lambda/invocation/$invocation/response"
    else
        printf 'JOB\tfailed: %s\n' "$(cat "$work/reason")"
        curl --silent --output /dev/null --header "Lambda-Runtime-Function-Error-Type: Function.Failed" \
            --data "{\"errorType\":\"Function.Failed\",\"errorMessage\":\"$(cat "$work/reason")\"}" \
            "$lambda/invocation/$invocation/error"
    fi
done
