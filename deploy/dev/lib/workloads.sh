# shellcheck shell=bash
# Programs that people run on this machine. They outlive a restart of the portal on purpose, so stopping everything has to find them.

# supervisors FOLDER: the pids of the supervisors that look after allocations below the workloads folder.
supervisors() {
  local file arguments
  while IFS= read -r file; do
    arguments=$({ tr '\0' '\n' <"$file"; } 2>/dev/null) || continue
    if [[ $arguments == *supervisor.py* ]]; then
      file=${file#/proc/}
      printf '%s\n' "${file%%/*}"
    fi
  done < <(grep -lsF -- "$1/" /proc/[0-9]*/cmdline || true)
}

# members FOLDER: the pids of every process of those allocations, wherever it has gone to.
members() {
  local names=() folder file
  for folder in "$1"/*/allocations/*/; do
    [ -d "$folder" ] && names+=("$(basename -- "$folder")")
  done
  [ ${#names[@]} -gt 0 ] || return 0
  while IFS= read -r file; do
    file=${file#/proc/}
    printf '%s\n' "${file%%/*}"
  done < <(grep -lszxF -f <(printf 'PORTAL_ALLOCATION_ID=%s\n' "${names[@]}") /proc/[0-9]*/environ || true)
}

# A supervisor passes TERM on to its program and records how that ended; what is left after its grace is killed.
stop_workloads() {
  local folder=$1/workloads found
  [ -d "$folder" ] || return 0
  mapfile -t found < <(supervisors "$folder")
  if [ ${#found[@]} -gt 0 ]; then
    say "Stopping ${#found[@]} workload(s)."
    kill -TERM "${found[@]}" 2>/dev/null || true
    wait_until_gone 20 "${found[@]}" || true
  fi
  kill_members "$folder"
}

kill_members() {
  local round found
  for round in 1 2 3 4 5; do
    mapfile -t found < <(members "$1" && supervisors "$1")
    [ ${#found[@]} -gt 0 ] || return 0
    if [ "$round" = 1 ]; then say "Killing what is left of them (${#found[@]} processes)."; fi
    kill -KILL "${found[@]}" 2>/dev/null || true
    wait_until_gone 2 "${found[@]}" || true
  done
  say "Some processes of workloads could not be stopped: ${found[*]}" >&2
}
