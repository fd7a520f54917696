#!/usr/bin/env bash
# How long `usher serve` takes from its start on an empty data folder to the answer of /readyz, and how
# much memory it then uses.   bench/server_start.sh [RUNS] [BINARY]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
RUNS=${1:-11}
USHER=${2:-build/release/bin/usher}
FOLDER=$(mktemp -d)
SERVER=
trap '[[ -z $SERVER ]] || kill "$SERVER" 2>/dev/null || true; rm -rf "$FOLDER"' EXIT

# Sends GET /readyz to port $1 and prints the status.
ready_status() {
  exec 3<>"/dev/tcp/127.0.0.1/$1"
  printf 'GET /readyz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n' >&3
  read -r _ status _ <&3
  exec 3>&-
  echo "$status"
}

times=() memories=()
mkfifo "$FOLDER/out"
for ((run = 0; run < RUNS; run++)); do
  begin=${EPOCHREALTIME/./}
  "$USHER" serve --data "$FOLDER/data$run" --listen 127.0.0.1:0 >"$FOLDER/out" 2>"$FOLDER/log" &
  SERVER=$!
  # The banner tells the port; it comes when the server is ready.
  exec 4<"$FOLDER/out"
  read -r banner <&4 || { cat "$FOLDER/log" >&2; exit 1; }
  [[ $(ready_status "${banner##*:}") == 200 ]] || { echo "not ready: $banner" >&2; exit 1; }
  end=${EPOCHREALTIME/./}
  memory=$(awk '/VmRSS/ {print $2}' "/proc/$SERVER/status")
  kill -TERM "$SERVER"
  wait "$SERVER"
  SERVER=
  exec 4<&-
  times+=($((end - begin)))
  memories+=("$memory")
done

printf '%s\n' "${times[@]}" | sort -n | awk '
  {t[NR] = $1 / 1000}
  END {printf "start to /readyz   median %.0f ms, best %.0f, worst %.0f (%d runs)\n", t[int((NR + 1) / 2)], t[1], t[NR], NR}'
printf '%s\n' "${memories[@]}" | sort -n | awk '
  {m[NR] = $1 / 1024}
  END {printf "resident memory    median %.1f MB, worst %.1f\n", m[int((NR + 1) / 2)], m[NR]}'
