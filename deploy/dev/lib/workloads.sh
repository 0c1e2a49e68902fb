# shellcheck shell=bash
# Programs that people run on this machine. They outlive a restart of the portal on purpose, so stopping everything has to find them.

# recorded KIND FOLDER: living processes that the allocations' state files name, identified by pid and start time.
# KIND is 'supervisor', who looks after a program, or 'child', the program's first process.
recorded() {
  local file state pid
  for file in "$2"/*/allocations/*/state.json; do
    read -r -d '' state 2>/dev/null <"$file" || [ -n "${state:-}" ] || continue
    [[ $state =~ \"$1Pid\":\ *([0-9]+) ]] || continue
    pid=${BASH_REMATCH[1]}
    [[ $state =~ \"$1Start\":\ *([0-9]+) ]] || continue
    if [ "$(process_start "$pid" || true)" = "${BASH_REMATCH[1]}" ]; then printf '%s\n' "$pid"; fi
  done
}

# programs FOLDER: every process of those allocations, wherever it has gone to; each carries its allocation's id.
programs() {
  local ids=() folder file
  for folder in "$1"/*/allocations/*/; do
    if [ -d "$folder" ]; then ids+=("$(basename -- "$folder")"); fi
  done
  [ ${#ids[@]} -gt 0 ] || return 0
  recorded child "$1"
  while IFS= read -r file; do
    file=${file#/proc/}
    file=${file%%/*}
    if process_start "$file" >/dev/null; then printf '%s\n' "$file"; fi
  done < <(grep -lszxF -f <(printf 'PORTAL_ALLOCATION_ID=%s\n' "${ids[@]}") /proc/[0-9]*/environ || true)
}

# A supervisor that is told to end passes that on to its program, gives it time, and records how it ended.
stop_workloads() {
  local folder=$1/workloads found
  [ -d "$folder" ] || return 0
  mapfile -t found < <(recorded supervisor "$folder")
  if [ ${#found[@]} -gt 0 ]; then
    say "Stopping workloads: ${#found[@]}."
    kill -TERM "${found[@]}" 2>/dev/null || true
    wait_until_gone 20 "${found[@]}" || true
  fi
  kill_programs "$folder"
}

# First the programs, so that their supervisors can still record the end; then supervisors that hang.
kill_programs() {
  local found
  for _ in 1 2 3; do
    mapfile -t found < <(programs "$1")
    [ ${#found[@]} -gt 0 ] || break
    say "Killing what did not end by itself: ${#found[@]} process(es)."
    kill -KILL "${found[@]}" 2>/dev/null || true
    wait_until_gone 3 "${found[@]}" || true
  done
  mapfile -t found < <(recorded supervisor "$1")
  if [ ${#found[@]} -gt 0 ] && ! wait_until_gone 5 "${found[@]}"; then kill -KILL "${found[@]}" 2>/dev/null || true; fi
  mapfile -t found < <(programs "$1" && recorded supervisor "$1")
  if [ ${#found[@]} -gt 0 ]; then say "Some processes of workloads could not be stopped: ${found[*]}" >&2; fi
}
