#!/usr/bin/env bash
# Every program in folder $1 that loads libparquet must name the system's libcrypto before it.
set -euo pipefail
checked=0
for program in "$1"/*; do
  needed=$(readelf -d "$program" 2>/dev/null | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p') || continue
  grep -q '^libparquet' <<<"$needed" || continue
  checked=$((checked + 1))
  first=$(grep -m1 -E '^lib(crypto\.so\.3|parquet)' <<<"$needed")
  if [[ $first != libcrypto.so.3 ]]; then
    echo "$program: libparquet stands before libcrypto.so.3" >&2
    exit 1
  fi
done
echo "$checked programs checked"
((checked > 0))
