#!/usr/bin/env bash
# Drives the whole life of a workload through the REST API with curl alone, and fails at the first answer that is wrong.
#
#   PORTAL_URL=http://localhost:5080 PORTAL_TOKEN=ptl_… life.sh
#
# Needs bash, curl and python3 (to read JSON). Launches one short run and one notebook, and deletes both.
set -euo pipefail

: "${PORTAL_URL:?the address of the portal, such as http://localhost:5080}"
: "${PORTAL_TOKEN:?a token with the scopes read and launch}"

FOLDER=$(mktemp -d)
trap 'rm -rf -- "$FOLDER"' EXIT
BODY=$FOLDER/body
HEADERS=$FOLDER/headers
NAME=life-$RANDOM$RANDOM

fail() {
  printf 'FAILED: %s\n' "$*" >&2
  [ ! -s "$BODY" ] || { printf 'The last answer:\n' >&2; head -c 4000 -- "$BODY" >&2; printf '\n' >&2; }
  exit 1
}

# call STATUS METHOD PATH [JSON] [HEADER...]: calls, and holds the answer to its status. The body is in $BODY.
call() {
  local expected=$1 method=$2 path=$3 json=${4:-} header status
  local words=(-sS --max-time 30 -X "$method" -o "$BODY" -D "$HEADERS" -w '%{http_code}' -H "Authorization: Bearer $PORTAL_TOKEN")
  if [ -n "$json" ]; then words+=(-H 'Content-Type: application/json' -d "$json"); fi
  for header in "${@:5}"; do words+=(-H "$header"); done
  : >"$BODY"
  status=$(curl "${words[@]}" "$PORTAL_URL/api/v1$path") || fail "$method $path: curl could not"
  [ "$status" = "$expected" ] || fail "$method $path answered $status, not $expected"
}

# value EXPRESSION: a value of the last answer, which is called a in Python.
value() {
  python3 -c 'import json, sys; from datetime import datetime, timedelta; a = json.load(open(sys.argv[1])); v = eval(sys.argv[2]); print(v if isinstance(v, str) else json.dumps(v))' "$BODY" "$1" ||
    fail "the answer has no $1"
}

# check EXPRESSION: must be true of the last answer.
check() { [ "$(value "bool($1)")" = true ] || fail "not so: $1"; }

# wait_for ID PHASE: until the workload is in that phase.
wait_for() {
  local tries=300 phase
  while :; do
    call 200 GET "/workloads/$1"
    phase=$(value 'a["phase"]')
    [ "$phase" != "$2" ] || return 0
    case $phase in Failed | Rejected) fail "$1 is $phase, not $2" ;; esac
    [ $((tries -= 1)) -gt 0 ] || fail "$1 stays $phase and does not become $2"
    sleep 0.3
  done
}

step() { printf '%s\n' "$*"; }

step "estimate"
call 200 POST /estimates '{"item":"jupyter-notebook","hardware":"cpu-tiny"}'
check 'a["offers"][0]["available"] and a["offers"][0]["hourlyPrice"] > 0 and a["offers"][0]["currency"] == "USD"'
check 'a["decision"]["outcome"] == "allow"'
PRICE=$(value 'a["offers"][0]["hourlyPrice"]')

step "launch"
REQUEST="{\"item\":\"jupyter-notebook\",\"name\":\"$NAME\",\"hardware\":\"cpu-tiny\",\"lifetime\":\"PT1H\",\"tags\":{\"made-by\":\"life.sh\"},\"reason\":\"smoke test\"}"
call 201 POST /workloads "$REQUEST" "Idempotency-Key: $NAME"
NOTEBOOK=$(value 'a["id"]')
grep -qi "^location: /api/v1/workloads/$NOTEBOOK" "$HEADERS" || fail "no Location"
check "a['name'] == '$NAME' and a['lifetime'] == 'PT1H' and a['hourlyPrice'] == $PRICE"
call 201 POST /workloads "$REQUEST" "Idempotency-Key: $NAME"
check "a['id'] == '$NOTEBOOK'"
call 409 POST /workloads '{"item":"jupyter-notebook","name":"another"}' "Idempotency-Key: $NAME"
check 'a["status"] == 409 and a["traceId"]'
call 400 POST /workloads '{"item":"jupyter-notebook","hardwear":"cpu-tiny"}'
check '"hardware" in a["errors"]["hardwear"][0]'

step "running"
wait_for "$NOTEBOOK" Running
check 'a["url"] and a["allocation"]["attempt"] == 1 and a["startedAt"]'
EXPIRES=$(value 'a["expiresAt"][:19]')
call 200 GET "/workloads?q=$NAME"
check "[w['id'] for w in a['items']] == ['$NOTEBOOK'] and a['total'] == 1"

step "extend"
call 202 POST "/workloads/$NOTEBOOK/extend" '{"by":"PT2H"}'
check "datetime.fromisoformat(a['expiresAt'][:19]) - datetime.fromisoformat('$EXPIRES') == timedelta(hours=2)"
call 412 POST "/workloads/$NOTEBOOK/stop" '' 'If-Match: "stale"'

step "stop"
call 202 POST "/workloads/$NOTEBOOK/stop"
wait_for "$NOTEBOOK" Stopped
check 'a["allocation"] is None'
call 202 POST "/workloads/$NOTEBOOK/stop"
check 'a["phase"] == "Stopped"'

step "start"
call 202 POST "/workloads/$NOTEBOOK/start"
wait_for "$NOTEBOOK" Running
check 'a["attempt"] == 2'
call 200 GET "/workloads/$NOTEBOOK/allocations"
check '[r["attempt"] for r in a["items"]] == [1, 2] and a["items"][0]["endedAt"]'

step "a run: logs, metrics, artifacts"
# Three seconds, so that it costs more than a millionth.
SCRIPT='import os, time\ntime.sleep(3)\nprint(\"hello from the run\")\nfor i in range(3): print(f\"::metric loss={1 / (i + 1)} step={i}\")\nopen(os.path.join(os.environ[\"PORTAL_ARTIFACT_DIR\"], \"result.txt\"), \"w\").write(\"42\")\n'
call 201 POST /workloads "{\"item\":\"python-training\",\"name\":\"$NAME-run\",\"hardware\":\"cpu-tiny\",\"parameters\":{\"script\":\"$SCRIPT\"}}"
RUN=$(value 'a["id"]')
wait_for "$RUN" Succeeded
check 'a["exitCode"] == 0 and a["url"] is None and a["costToDate"] > 0'
call 200 GET "/workloads/$RUN/logs?tail=100"
grep -q 'hello from the run' "$BODY" || fail "the log lacks what the run printed"
curl -sS --max-time 30 -H "Authorization: Bearer $PORTAL_TOKEN" "$PORTAL_URL/api/v1/workloads/$RUN/logs?follow=true" >"$BODY" || fail "following the log of an ended run does not end"
grep -q '^data: hello from the run' "$BODY" || fail "following the log lacks what the run printed"
grep -q '^event: end' "$BODY" || fail "following the log of an ended run does not say that it ended"
call 200 GET "/workloads/$RUN/metrics"
check '[[p["step"], round(p["value"], 2)] for s in a["series"] if s["name"] == "loss" for p in s["points"]] == [[0, 1.0], [1, 0.5], [2, 0.33]]'
call 200 GET "/workloads/$RUN/artifacts"
check '[(f["path"], f["sizeBytes"]) for f in a["items"]] == [("result.txt", 2)]'
call 200 GET "/workloads/$RUN/artifacts/result.txt"
[ "$(cat -- "$BODY")" = 42 ] || fail "the artifact is not what the run wrote"

step "events"
call 200 GET "/workloads/$NOTEBOOK/events"
check '[e["to"] for e in a["items"]][-1] == "Queued" and a["items"][0]["to"] == "Running" and "Stopped" in [e["to"] for e in a["items"]]'
check 'all(x["seq"] > y["seq"] for x, y in zip(a["items"], a["items"][1:]))'

step "usage"
call 200 GET "/workloads/$NOTEBOOK/usage"
check 'len(a["items"]) >= 2 and a["items"][-1]["open"] and not a["items"][0]["open"]'
check 'abs(sum(r["cost"] for r in a["items"]) - a["total"]) < 1e-9 and a["total"] > 0'

step "delete"
for id in "$NOTEBOOK" "$RUN"; do
  call 202 DELETE "/workloads/$id"
  wait_for "$id" Deleted
  call 202 DELETE "/workloads/$id"
done
call 200 GET "/workloads?q=$NAME"
check 'a["total"] == 0'
call 200 GET "/workloads?q=$NAME&deleted=true"
check 'a["total"] == 2'
call 200 GET "/workloads/$NOTEBOOK/usage"
check 'a["total"] > 0 and not any(r["open"] for r in a["items"])'

step "the life of a workload: as it should be"
