# What ./setup, ./demo and ./test print while they work. Sourced by them, with $ROOT set.
# A step writes its full output to build/NAME.log; the screen gets one line, and on failure the log's end.

if [[ -t 1 ]]; then
  BOLD=$'\e[1m' DIM=$'\e[2m' RED=$'\e[31m' GREEN=$'\e[32m' RESET=$'\e[0m' CLEAR=$'\r\e[K'
else
  BOLD='' DIM='' RED='' GREEN='' RESET='' CLEAR=''
fi

fail() {
  printf '%s%s%s\n' "$RED" "$1" "$RESET" >&2
  shift
  for line in "$@"; do printf '  %s\n' "$line" >&2; done
  exit 1
}

# step NAME TITLE COMMAND...: runs the command, its output in build/NAME.log, its progress on the screen.
step() {
  local title=$2 log=$ROOT/build/$1.log started=$SECONDS status=0
  shift 2
  mkdir -p "$ROOT/build"
  # A process group of its own, so that Ctrl-C ends the command with all that it started.
  set -m
  "$@" >"$log" 2>&1 </dev/null &
  set +m
  trap "kill -- -$! 2>/dev/null; exit 130" INT TERM
  _watch $! "$title" "$log" || status=$?
  trap - INT TERM
  if ((status != 0)); then
    printf '%s%s failed%s\n' "$RED" "$title" "$RESET" >&2
    tail -n 30 "$log" | sed 's/^/  /' >&2
    fail "The whole output is in ${log#"$ROOT/"}"
  fi
  printf '%s%s✓%s %s %s(%d s)%s\n' "$CLEAR" "$GREEN" "$RESET" "$title" "$DIM" $((SECONDS - started)) "$RESET"
}

# Shows how far the log has come until the process ends; its exit status is the process's.
_watch() {
  local pid=$1 title=$2 log=$3 seen='' line percent next=0
  [[ -t 1 ]] || printf '  %s ...\n' "$title"
  while kill -0 "$pid" 2>/dev/null; do
    # ninja's "[12/345]" is the only progress that a log of ours carries
    line=$(grep -sao '^\[[0-9]*/[0-9]*\]' "$log" | tail -n 1) || true
    if [[ -t 1 ]]; then
      printf '%s  %s %s%s%s' "$CLEAR" "$title" "$DIM" "$line" "$RESET"
    elif [[ $line =~ ^\[([0-9]+)/([0-9]+)\]$ ]]; then
      percent=$((100 * BASH_REMATCH[1] / BASH_REMATCH[2]))
      if ((percent >= next)) && [[ $line != "$seen" ]]; then
        printf '  %s %s %d %%\n' "$title" "$line" "$percent"
        seen=$line next=$((percent + 20))
      fi
    fi
    sleep 0.2
  done
  wait "$pid"
}
