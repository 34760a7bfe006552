#!/bin/sh
# Keeps the ServerKit agent running where there is no systemd: starts it again whenever it ends, sooner at first
# and once a minute at last, until it is told to stop or the control plane has revoked the agent.
#
#   supervisor start | stop | restart | status
#   supervisor join-docker      lets the agent use Docker, now or when it comes; run before each start
set -eu

name=serverkit-agent
account=serverkit-agent
home=/opt/serverkit-agent
log_dir=/var/log/serverkit-agent
# Of this supervisor, and of the agent under it.
pid_file=/run/serverkit-agent.pid
child_file=/run/serverkit-agent.child
# What the agent prints goes through here. It keeps a log of its own; of this only the end of each run stays, for
# the last words of one that crashed, written as the agent's account: see log.
output=/run/serverkit-agent.out
last_run=$log_dir/last-run.log
last_bytes=65536
# The agent's exit status when the control plane has revoked it; coming back would be of no use.
revoked=@REVOKED@
# Seconds: the longest wait between two starts, a run that counts as healthy, and what a stop may take.
longest_wait=60
healthy=60
stop_patience=15

have() { command -v "$1" >/dev/null 2>&1; }

# Whether a process of ours has this number: numbers are given out again.
is_ours() { # pid pattern
  [ -n "$1" ] && [ -r "/proc/$1/cmdline" ] && tr '\0' ' ' <"/proc/$1/cmdline" | grep -q "$2"
}

pid_in() { cat "$1" 2>/dev/null || true; }
supervised() { is_ours "$(pid_in "$pid_file")" "$home/supervisor run"; }

start() {
  if supervised; then return 0; fi
  end_leftover
  join_docker
  rm -f "$pid_file"
  setsid "$home/supervisor" run </dev/null >/dev/null 2>&1 &
  tries=0
  until supervised; do
    tries=$((tries + 1))
    [ "$tries" -le 50 ] || return 1
    sleep 0.1
  done
}

stop() {
  pid=$(pid_in "$pid_file")
  if is_ours "$pid" "$home/supervisor run"; then
    kill -TERM "$pid"
    tries=0
    while is_ours "$pid" "$home/supervisor run"; do
      tries=$((tries + 1))
      if [ "$tries" -gt $((stop_patience * 10)) ]; then
        kill -KILL "$pid" 2>/dev/null || true
        break
      fi
      sleep 0.1
    done
  fi
  end_leftover
  rm -f "$pid_file"
}

# An agent whose supervisor was killed.
end_leftover() {
  pid=$(pid_in "$child_file")
  if is_ours "$pid" "$home/agent/"; then
    kill -TERM "$pid" 2>/dev/null || true
    tries=0
    while is_ours "$pid" "$home/agent/" && [ "$tries" -lt 100 ]; do
      tries=$((tries + 1))
      sleep 0.1
    done
    kill -KILL "$pid" 2>/dev/null || true
  fi
  rm -f "$child_file"
}

run() {
  (set -C && echo $$ >"$pid_file") 2>/dev/null || exit 0
  cd /
  umask 027
  child='' stopping='' wait_for=1
  trap 'stopping=1; [ -z "$child" ] || kill -TERM "$child" 2>/dev/null || true' TERM INT HUP
  while [ -z "$stopping" ]; do
    began=$(date +%s)
    rm -f "$output"
    mkfifo -m 0600 "$output"
    # shellcheck disable=SC2016 # expanded by the inner shell
    as_agent sh -c '(: >"$2") 2>/dev/null || set -- "$1" /dev/null; exec tail -c "$1" >"$2"' \
      sh "$last_bytes" "$last_run" <"$output" &
    as_agent "$home/runtime/node" "$home/agent/@ENTRY@" start -c /etc/serverkit-agent/config.yaml >"$output" 2>&1 &
    child=$!
    echo "$child" >"$child_file"
    status=0
    wait "$child" || status=$?
    # A signal to us ends the wait before the agent has ended.
    while [ -d "/proc/$child" ] && [ -n "$stopping" ]; do
      wait "$child" || status=$?
    done
    child=''
    rm -f "$child_file"
    [ -z "$stopping" ] || break
    if [ "$status" -eq "$revoked" ]; then
      log "the control plane has revoked this agent; not starting it again"
      break
    fi
    [ $(($(date +%s) - began)) -lt "$healthy" ] || wait_for=1
    log "the agent ended with status $status; starting it again in $wait_for s"
    sleep "$wait_for" &
    child=$!
    wait "$child" || true
    child=''
    wait_for=$((wait_for * 2))
    [ "$wait_for" -le "$longest_wait" ] || wait_for=$longest_wait
  done
  rm -f "$pid_file" "$output"
}

# Written as the agent's account: the folder is its own, so it could put a link where root is about to write.
log() {
  # shellcheck disable=SC2016 # expanded by the inner shell
  (as_agent sh -c '
    if [ -f "$1" ] && [ "$(wc -c <"$1")" -gt "$2" ]; then mv -f "$1" "$1.1"; fi
    printf "%s %s\n" "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$3" >>"$1"
  ' sh "$log_dir/supervisor.log" "$last_bytes" "$*") || true
}

as_agent() {
  # The authorities that this machine trusts count besides those that Node knows.
  export SERVERKIT_SUPERVISOR=script HOME=/var/lib/serverkit-agent NODE_USE_SYSTEM_CA=1
  if have setpriv; then
    # pdeathsig: should this supervisor be killed, its agent ends with it.
    exec setpriv --reuid="$account" --regid="$account" --init-groups --no-new-privs --pdeathsig=TERM -- "$@"
  fi
  exec runuser -u "$account" -- "$@"
}

# Whoever may write to Docker's socket has root's power over this machine, and the group of the socket may. Where there
# is no Docker yet the group is made, as Docker's own packages do unless it is there: a process keeps the groups it
# began with, so an agent that joined later would have to be started again.
join_docker() {
  group=$(stat -L -c %G /var/run/docker.sock 2>/dev/null || true)
  if [ "$group" = root ]; then
    echo 'Docker is open to root alone here, so the agent does without it; give its socket a group to change that.'
    return 0
  fi
  group=${group:-docker}
  if ! getent group "$group" >/dev/null 2>&1; then
    have groupadd || return 0
    groupadd --system "$group"
    : >"$home/.docker-group-is-ours"
  fi
  case " $(id -nG "$account") " in
    *" $group "*) return 0 ;;
  esac
  if have usermod; then
    usermod -a -G "$group" "$account"
  else
    adduser "$account" "$group" >/dev/null
  fi
  if [ -S /var/run/docker.sock ]; then
    echo "The user $account may use Docker now (group $group), which amounts to root on this machine."
  else
    echo "Should Docker be installed later, the user $account may use it (group $group), which amounts to root."
  fi
}

case ${1-} in
  start | stop | run) "$1" ;;
  restart)
    stop
    start
    ;;
  join-docker) join_docker ;;
  status)
    if supervised; then
      echo "$name is running"
    else
      echo "$name is not running"
      exit 3
    fi
    ;;
  *)
    echo "usage: $0 start | stop | restart | status | join-docker" >&2
    exit 2
    ;;
esac
