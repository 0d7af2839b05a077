#!/usr/bin/env node
':' //; set -f
':' /*
# The `lunatic` command as npm installs it, for Node and for a shell: Node takes these lines for a comment. As it is packed, Node
# runs it. On POSIX, an install step (scripts/install-command.cjs) has `/bin/sh` run it: then a Node that can suspend wasm is
# started right away, whatever Node is first in the PATH, and no other OS process.
# It begins no other program than that Node: each would take a millisecond.
here=''
own=''

# In a package that has been moved or copied, the folder is another one's, or anybody's.
[ "$0" -ef "$here/command.cjs" ] 2>/dev/null || exec node "$0" "$@"
if [ -n "${LUNATIC_NODE-}" ]; then
  case $LUNATIC_NODE in
    *"/"*) node=$LUNATIC_NODE ;;
    *) node='' ;;
  esac
else
  # The package `node`, if it is installed nearby. In a folder with the sticky bit, as /tmp, anybody may put one.
  node=$own folder=$here
  until [ -k "$folder/" ]; do
    if [ -x "$folder/node_modules/node/bin/node" ]; then
      node=$folder/node_modules/node/bin/node
      break
    fi
    [ -n "$folder" ] || break
    folder=${folder%"/"*}
  done
fi
[ -f "$node" ] && [ -x "$node" ] || exec node "$0" "$@"
export LUNATIC_LAUNCHED=chosen
# What spawning.ts would find out in a first Node.
if [ "${1-}" = test ] || [ -n "${CARGO_MANIFEST_DIR-}" ]; then
  exec "$node" V8_FLAGS "$here/lunatic.cjs" "$@"
fi
exec "$node" "$here/lunatic.cjs" "$@"
*/
require('./lunatic.cjs');
