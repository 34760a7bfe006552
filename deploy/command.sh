#!/bin/sh
# serverkit-agent: the agent's own command line, run as the agent's user, and the service that keeps it running.
set -eu
home=/opt/serverkit-agent

root_only() {
  [ "$(id -u)" -eq 0 ] || {
    echo "serverkit-agent $1 must be run as root." >&2
    exit 1
  }
}

service() {
  root_only "$1"
  if [ -d /run/systemd/system ]; then exec systemctl "$1" serverkit-agent; fi
  exec "$home/supervisor" "$1"
}

case ${1-} in
  start | stop | restart) [ $# -ne 1 ] || service "$1" ;;
  uninstall)
    root_only uninstall
    exec sh "$home/install.sh" --uninstall
    ;;
esac

export NODE_USE_SYSTEM_CA=1
set -- "$home/runtime/node" "$home/agent/@ENTRY@" "$@"
[ "$(id -u)" -eq 0 ] || exec "$@"
if command -v setpriv >/dev/null 2>&1; then
  exec setpriv --reuid=serverkit-agent --regid=serverkit-agent --init-groups -- "$@"
fi
exec runuser -u serverkit-agent -- "$@"
