#!/usr/bin/env node
':' //; set -f
':' /*
# Node takes these lines for a comment. Where a shell runs this (see command.sh), it does the same as the code below, without Node.
[ "${1-}" != lunatic ] || shift
command -v "${CARGO-cargo}" >/dev/null || exec node "$0" "$@"
if [ "${CARGO_BUILD_TARGET-}" = wasm32-wasip1 ]; then
  export CARGO_TARGET_WASM32_WASIP1_RUNNER=lunatic
else
  export CARGO_BUILD_TARGET=wasm32-wasi CARGO_TARGET_WASM32_WASI_RUNNER=lunatic
fi
exec "${CARGO-cargo}" "$@"
*/
