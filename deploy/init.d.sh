#!/bin/sh
### BEGIN INIT INFO
# Provides:          serverkit-agent
# Required-Start:    $remote_fs $network
# Required-Stop:     $remote_fs $network
# Should-Start:      docker
# Default-Start:     2 3 4 5
# Default-Stop:      0 1 6
# Short-Description: ServerKit agent
### END INIT INFO
# chkconfig: 2345 95 05
# description: ServerKit agent
[ -x /opt/serverkit-agent/supervisor ] || exit 0
case ${1-} in
  force-reload) set -- restart ;;
esac
exec /opt/serverkit-agent/supervisor "$@"
