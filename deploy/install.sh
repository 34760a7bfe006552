#!/bin/sh
# Installs the ServerKit agent on this machine, or brings an installed one up to date. The control plane fills in
# the values below; the command copied from its dashboard pins this file by its hash, and this file pins what it
# downloads. It may run again at any time: what is there and right is kept, what is missing is done.
#
#   SERVERKIT_TOKEN=sk_reg_... sh install.sh     install, register, start
#   sh install.sh --uninstall                    stop the agent and remove everything it brought
set -eu

main() {
  umask 022
  # Taken out of the environment at once, so that nothing started from here inherits it.
  token=${SERVERKIT_TOKEN:-}
  unset SERVERKIT_TOKEN

  # Of the control plane: where the agent dials, and where this script downloads, which may be in the clear, as
  # nothing is used before its hash was found right.
  server='@SERVER@'
  downloads='@DOWNLOADS@'
  # Set when plain HTTP to this host and port reaches the control plane itself.
  plain_host='@PLAIN_HOST@'
  plain_port='@PLAIN_PORT@'
  version='@VERSION@'

  # Name, SHA-256 and size in bytes of every file, unpacked.
  agent_files='@AGENT_FILES@'
  node_version='@NODE_VERSION@'
  node_x64='@NODE_X64@'
  node_arm64='@NODE_ARM64@'
  node_license='@NODE_LICENSE@'
  node_absent='@NODE_ABSENT@'
  # SHA-256 of the authority's certificate; empty when the certificate is one that everybody trusts.
  ca_fingerprint='@CA_FINGERPRINT@'

  name=serverkit-agent
  account=serverkit-agent
  home=/opt/serverkit-agent
  config_dir=/etc/serverkit-agent
  config=$config_dir/config.yaml
  ca_file=$config_dir/ca.pem
  state_dir=/var/lib/serverkit-agent
  log_dir=/var/log/serverkit-agent
  command_link=/usr/local/bin/serverkit-agent
  unit=/etc/systemd/system/serverkit-agent.service
  init_script=/etc/init.d/serverkit-agent
  # How long the first link may take, in seconds.
  patience=30

  action=install
  while [ $# -gt 0 ]; do
    case $1 in
      --uninstall) action=uninstall ;;
      --token-on-stdin) IFS= read -r token || true ;;
      --help | -h)
        say 'SERVERKIT_TOKEN=sk_reg_... sh install.sh    installs the agent'
        say 'sh install.sh --uninstall                   removes it'
        return 0
        ;;
      *) fail "There is no option $1; --help names them." ;;
    esac
    shift
  done

  become_root "$action"
  case $action in
    install) install_agent ;;
    uninstall) uninstall_agent ;;
  esac
}

say() { printf '%s\n' "$*"; }
note() { printf '    %s\n' "$*"; }
fail() {
  printf '\n%s\n' "$*" >&2
  exit 1
}
have() { command -v "$1" >/dev/null 2>&1; }

is_this_script() { [ -f "$1" ] && sed -n 2p "$1" | grep -q 'Installs the ServerKit agent'; }

# Runs this script again under sudo; the token goes through a pipe, where no list of processes shows it.
become_root() {
  [ "$(id -u)" -ne 0 ] || return 0
  if ! have sudo || ! is_this_script "$0"; then fail 'This needs to be run as root.'; fi
  say 'This needs root; asking sudo.'
  status=0
  case $1 in
    install) printf '%s\n' "$token" | sudo sh "$0" --token-on-stdin || status=$? ;;
    uninstall) sudo sh "$0" --uninstall || status=$? ;;
  esac
  exit "$status"
}

# ── install ──────────────────────────────────────────────────────────────────────────────────────────────────

install_agent() {
  step='before anything was changed'
  work=
  trap 'left_early' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
  say "ServerKit agent $version, for $server"
  check_machine
  claim_home
  make_account
  make_directories
  install_files
  register_agent
  start_agent
  wait_until_online
  step=
}

# Whatever ends this early is said, with what it means for the machine.
left_early() {
  status=$?
  trap - EXIT
  [ -z "$work" ] || rm -rf "$work"
  if [ "$status" -ne 0 ] && [ -n "$step" ]; then
    note "Stopped while $step. Once the cause is gone, run the same command again: it goes on from there."
    [ ! -f "$home/install.sh" ] || note "Or take everything back: sh $home/install.sh --uninstall"
  fi
  exit "$status"
}

check_machine() {
  step='checking this machine'
  [ "$(uname -s)" = Linux ] || fail "The agent runs on Linux; this is $(uname -s)."
  case $(uname -m) in
    x86_64 | amd64) arch=x64 node=$node_x64 ;;
    aarch64 | arm64) arch=arm64 node=$node_arm64 ;;
    *) fail "The agent runs on x86-64 and 64-bit ARM; this machine is $(uname -m)." ;;
  esac
  [ -n "$node" ] || fail "$node_absent"
  libc=$(getconf GNU_LIBC_VERSION 2>/dev/null || true)
  case $libc in
    'glibc '*) ;;
    *) fail 'The agent needs the GNU C library, 2.28 or newer; this system has another one (Alpine, for instance, has musl).' ;;
  esac
  minor=${libc#glibc 2.}
  minor=${minor%%.*}
  [ "$minor" -ge 28 ] || fail "The agent needs the GNU C library 2.28 or newer; this system has ${libc#glibc }. Debian 10, Ubuntu 18.10 and RHEL 8 are new enough."
  for tool in sha256sum gzip df; do
    have "$tool" || fail "The command $tool is missing; install it and run this again."
  done
  # The runtime, packed and unpacked; an older one stays until the new one is whole.
  require_space "$home" 250
}

# Megabytes free where a path is or will be.
free_space() {
  place=$1
  while [ ! -d "$place" ]; do place=$(dirname "$place"); done
  set -- "$(df -Pk "$place" | sed -n '$s/^[^ ]* *[0-9]* *[0-9]* *\([0-9]*\) .*/\1/p')"
  echo $((${1:-0} / 1024))
}

require_space() {
  free=$(free_space "$1")
  [ "$free" -ge "$2" ] || fail "$1 has $free MB free, and the installation needs $2 MB. Make room there and run this again."
}

# Two installations at once would undo each other.
claim_home() {
  step='preparing'
  mkdir -p "$home"
  exec 9<"$home"
  if have flock && ! flock -n 9; then
    fail 'Another installation of the agent is running on this machine.'
  fi
  work=$home/.work
  rm -rf "$work"
  mkdir -m 0700 "$work"
  # For --uninstall. When it came through a pipe there is no file to keep.
  if is_this_script "$0"; then put "$home/install.sh" 0755 <"$0"; fi
}

make_account() {
  step="creating the user $account"
  if ! id "$account" >/dev/null 2>&1; then
    say "Creating the user $account"
    shell=$(command -v nologin || true)
    # So that --uninstall removes this user, and only if it came from here.
    : >"$home/.user-is-ours"
    if have useradd; then
      getent group "$account" >/dev/null 2>&1 || groupadd --system "$account"
      useradd --system --gid "$account" --no-create-home --home-dir "$state_dir" --shell "${shell:-/bin/false}" "$account"
    elif have adduser; then
      adduser --system --group --no-create-home --home "$state_dir" "$account" >/dev/null
    else
      fail 'Neither useradd nor adduser is here to create the user of the agent.'
    fi
  fi
}

make_directories() {
  step='creating directories'
  group=$(id -gn "$account")
  for place in "$config_dir" "$state_dir" "$log_dir"; do
    mkdir -p "$place"
    chown "$account:$group" "$place"
    chmod 0750 "$place"
  done
  mkdir -p "$home/runtime" "$home/agent"
  mkdir -p "${command_link%/*}" 2>/dev/null || true
}

install_files() {
  say 'Downloading'
  need "node-linux-$arch" "$home/runtime/node" 0755 "Node $node_version, the runtime" "$node"
  need node-LICENSE "$home/runtime/LICENSE" 0644 'its licence' "$node_license"
  # So that a missing shared library is known here, by name, and not from a service that does not start.
  "$home/runtime/node" --version >/dev/null 2>"$work/why" ||
    fail "Node does not run on this machine: $(cat "$work/why")"
  step='downloading the agent'
  printf '%s\n' "$agent_files" | while read -r file hash bytes; do
    need "$file" "$home/agent/$file" 0644 "$file" "$hash $bytes"
  done
  for old in "$home"/agent/*; do
    case " $(printf '%s\n' "$agent_files" | sed 's/ .*//' | tr '\n' ' ')" in
      *" ${old##*/} "*) ;;
      *) rm -rf "$old" ;;
    esac
  done
  step='writing its files'
  if [ -n "$ca_fingerprint" ]; then
    own_authority | put_as_agent "$ca_file" 0644
    note "trusting the certificate authority $ca_fingerprint and no other"
  else
    # A control plane that had an authority of its own before has a certificate that everybody trusts now.
    rm -f "$ca_file"
    [ ! -f "$config" ] || (as_agent sed -i '/^ *ca_file:/d; /^ *ca_sha256:/d' "$config")
  fi
  supervisor | put "$home/supervisor" 0755
  "$home/supervisor" join-docker | sed 's/^/    /'
  command_wrapper | put "$home/$name" 0755
  ln -sf "$home/$name" "$command_link" 2>/dev/null ||
    note "${command_link%/*} cannot be written, so the command is $home/$name"
  printf '%s\n' "$version" | put "$home/version" 0644
}

# Makes a file appear whole or not at all.
put() {
  cat >"$1.new"
  chmod "$2" "$1.new"
  mv -f "$1.new" "$1"
}

# The same in a folder of the agent's account, as that account: it could put a link where root is about to write.
put_as_agent() {
  # shellcheck disable=SC2016 # expanded by the inner shell
  (as_agent sh -c 'umask 022; rm -f "$1.new"; cat >"$1.new" && chmod "$2" "$1.new" && mv -f "$1.new" "$1"' sh "$@")
}

has_hash() { [ -f "$1" ] && [ "$(sha256sum <"$1")" = "$2  -" ]; }

# need NAME FILE MODE TITLE 'HASH BYTES': downloads it unless it is there already.
need() {
  hash=${5% *} bytes=${5#* }
  step="downloading $4"
  if has_hash "$2" "$hash"; then
    note "$4: there already"
    chmod "$3" "$2"
    return 0
  fi
  fetch "/agent/dist/$1.gz" "$work/packed"
  # Never more than it should be, whatever was sent.
  gzip -dc <"$work/packed" 2>/dev/null | head -c "$bytes" >"$2.new" || true
  cut=0
  has_hash "$2.new" "$hash" || gzip -t <"$work/packed" 2>/dev/null || cut=1
  rm -f "$work/packed"
  if ! has_hash "$2.new" "$hash"; then
    rm -f "$2.new"
    [ "$cut" -eq 0 ] || fail "What came as $4 is incomplete or damaged. Run the same command again; if it stays so, something between this machine and $server changes what it sends."
    [ "$(free_space "${2%/*}")" -gt 5 ] || fail "The disk that holds $home is full. Make room and run this again."
    fail "What came as $4 is not what the command expects (SHA-256 $hash), so it was thrown away. Either ServerKit was updated since the command was copied (copy it again), or something between this machine and $server changes what it sends."
  fi
  chmod "$3" "$2.new"
  mv -f "$2.new" "$2"
  note "$4: done"
}

# fetch PATH FILE, by whatever there is.
fetch() {
  if have curl && curl -fsSL --connect-timeout 15 --max-time 1200 -o "$2" "$downloads$1" 2>"$work/why"; then return 0; fi
  if have wget && wget -q --tries=1 --timeout=30 -O "$2" "$downloads$1" 2>"$work/why"; then return 0; fi
  if [ -n "$plain_host" ] && have bash && fetch_plainly "$1" >"$2" 2>"$work/why"; then return 0; fi
  [ "$(free_space "$work")" -gt 1 ] || fail "The disk that holds $home is full. Make room and run this again."
  fail "Could not download $downloads$1: $(tail -n 1 "$work/why" 2>/dev/null)"
}

# HTTP in bash alone, for machines with neither curl nor wget.
fetch_plainly() {
  # shellcheck disable=SC2016 # expanded by the inner shell
  bash -c '
    exec 3<>"/dev/tcp/$1/$2" || exit 1
    printf "GET %s HTTP/1.0\r\nHost: %s:%s\r\n\r\n" "$3" "$1" "$2" >&3
    read -r _ status _ <&3
    while IFS= read -r line <&3 && [ ${#line} -gt 1 ]; do :; done
    if [ "$status" != 200 ]; then cat <&3 >&2; exit 1; fi
    cat <&3' bash "$plain_host" "$plain_port" "$1"
}

# ── registration ─────────────────────────────────────────────────────────────────────────────────────────────

as_agent() {
  cd /
  # The authorities that this machine trusts count besides those that Node knows.
  export NODE_USE_SYSTEM_CA=1
  if have setpriv; then
    setpriv --reuid="$account" --regid="$account" --init-groups -- "$@"
  else
    runuser -u "$account" -- "$@"
  fi
}

agent() { as_agent "$home/runtime/node" "$home/agent/@ENTRY@" "$@" -c "$config" 9<&-; }

register_agent() {
  step='registering'
  if [ -z "$token" ]; then
    [ -f "$config" ] || fail 'There is no registration token: SERVERKIT_TOKEN is not set. Copy the whole command from the dashboard.'
    say 'Registered already; keeping that'
    return 0
  fi
  say 'Registering'
  set -- register --server "$server"
  [ -z "$ca_fingerprint" ] || set -- "$@" --ca-file "$ca_file" --ca-sha256 "$ca_fingerprint"
  status=0
  printf '%s\n' "$token" | (agent "$@" --token-file -) >"$work/said" 2>&1 || status=$?
  if [ "$status" -eq 0 ]; then
    sed 's/^/    /' "$work/said"
  elif [ -f "$state_dir/identity.json" ]; then
    note "$(tail -n 1 "$work/said")"
    note 'This machine was registered before, and stays as it was.'
  else
    fail "$(cat "$work/said")"
  fi
}

# ── starting ─────────────────────────────────────────────────────────────────────────────────────────────────

under_systemd() { [ -d /run/systemd/system ]; }

start_agent() {
  step='starting the agent'
  # Whatever ran before: another version, or from before systemd was there.
  stop_agent
  if under_systemd; then
    say 'Starting the service serverkit-agent'
    systemd_unit | put "$unit" 0644
    systemctl daemon-reload
    systemctl enable --quiet "$name"
    systemctl start "$name" 9<&- || fail "The service did not start: see journalctl -u $name"
    return 0
  fi
  say 'Starting the agent (there is no systemd here, so a script keeps it running)'
  if [ -d /etc/init.d ]; then
    init_d_script | put "$init_script" 0755
    if have update-rc.d; then
      update-rc.d "$name" defaults >/dev/null 2>&1 || note 'It could not be entered into the runlevels: after a reboot, start it with: serverkit-agent start'
    elif have chkconfig; then
      chkconfig --add "$name"
    fi
  else
    note "Nothing here starts it after a reboot; have this run then: $home/supervisor start"
  fi
  "$home/supervisor" start 9<&- || fail "The agent did not start: see $log_dir"
}

stop_agent() {
  if under_systemd && [ -f "$unit" ]; then systemctl stop "$name" 2>/dev/null || true; fi
  [ ! -x "$home/supervisor" ] || "$home/supervisor" stop
}

# What the agent said last.
last_words() {
  if under_systemd; then
    journalctl --unit "$name" --lines 5 --output cat --no-pager 2>/dev/null || true
  else
    (as_agent cat "$log_dir/supervisor.log" "$log_dir/agent.log" "$log_dir/last-run.log") 2>/dev/null | tail -n 5
  fi
}

wait_until_online() {
  step='waiting for the agent to come online'
  say "Waiting for the link to $server"
  waited=0
  until agent status --json 2>/dev/null | grep -q '"state": *"online"'; do
    waited=$((waited + 1))
    if [ "$waited" -gt "$patience" ]; then
      say
        (agent status) 2>&1 | sed 's/^/    /' >&2 || true
      last_words | sed 's/^/    /' >&2
      fail "The agent runs, but it is not online after $patience s. It goes on trying."
    fi
    sleep 1
  done
  say 'Online. This server is now in the dashboard.'
  note 'status:  serverkit-agent status'
  note 'remove:  serverkit-agent uninstall'
}

# ── uninstall ────────────────────────────────────────────────────────────────────────────────────────────────

uninstall_agent() {
  say 'Removing the ServerKit agent'
  stop_agent
  if [ -f "$unit" ]; then
    if under_systemd; then systemctl disable --quiet "$name" 2>/dev/null || true; fi
    rm -f "$unit" "/etc/systemd/system/multi-user.target.wants/$name.service"
    if under_systemd; then
      systemctl daemon-reload
      systemctl reset-failed "$name" 2>/dev/null || true
    fi
  fi
  if [ -f "$init_script" ]; then
    if have chkconfig; then chkconfig --del "$name" || true; fi
    rm -f "$init_script"
    if have update-rc.d; then update-rc.d "$name" remove >/dev/null 2>&1 || true; fi
  fi
  if [ -f "$home/.user-is-ours" ]; then
    if have userdel; then
      userdel "$account" || true
      if getent group "$account" >/dev/null 2>&1; then groupdel "$account" || true; fi
    elif have deluser; then
      deluser --quiet "$account" || true
    fi
  fi
  # Docker, should it have come since, goes on using the group.
  if [ -f "$home/.docker-group-is-ours" ] && ! have dockerd && [ ! -S /var/run/docker.sock ]; then
    groupdel docker || true
  fi
  [ "$(readlink "$command_link" 2>/dev/null)" != "$home/$name" ] || rm -f "$command_link"
  rm -rf "$home" "$config_dir" "$state_dir" "$log_dir" "/run/$name.pid" "/run/$name.child" "/run/$name.out"
  say 'Removed. The server stays in the dashboard, offline, until you delete it there.'
}

# ── files that it writes ─────────────────────────────────────────────────────────────────────────────────────

own_authority() {
  cat <<'END_OF_FILE'
@CA_PEM@
END_OF_FILE
}

systemd_unit() {
  cat <<'END_OF_FILE'
@SYSTEMD_UNIT@
END_OF_FILE
}

supervisor() {
  cat <<'END_OF_FILE'
@SUPERVISOR@
END_OF_FILE
}

init_d_script() {
  cat <<'END_OF_FILE'
@INIT_SCRIPT@
END_OF_FILE
}

command_wrapper() {
  cat <<'END_OF_FILE'
@COMMAND@
END_OF_FILE
}

# Last, so that half a download does nothing.
main "$@"
