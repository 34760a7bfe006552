#!/bin/sh
# Brings the real parts that tests use: a Docker engine and both generations of Compose, Chromium, debootstrap, network
# tools, and base images made from Debian's own packages (no registry is involved). Safe to run again: what is there is
# left alone.
#
#   sh scripts/provision.sh           install and make what is missing (root on Debian), else say what it would be
#   sh scripts/provision.sh --check   only say what is missing
#
# Ends with 0 when nothing is missing, else 1 with CI=true and 0 elsewhere: the suites that lack a part say so.
# SERVERKIT_TEST_CACHE (default /var/cache/serverkit-test) keeps what is dear to make.
set -eu

suite=bookworm
# What ServerKit's own images stand on, and where the second Compose comes from.
next_suite=trixie
cache=${SERVERKIT_TEST_CACHE:-/var/cache/serverkit-test}
engine_log=${cache}/dockerd.log

# The right-hand side says what each package is for.
packages="
  docker.io           engine and client
  docker-compose      the first Compose, on Debian 12; the second one from Debian 13 on
  docker-registry     pulls and pushes
  apache2-utils       htpasswd, for a registry with a password
  chromium            browser end-to-end tests
  fonts-dejavu-core   text that the browser can draw
  debootstrap         bare Debian machines
  busybox-static      the smallest container image
  iproute2            network namespaces, hosts on one machine
  iptables            links that drop silently; Docker's bridge
  curl                the install command
  ca-certificates     the install command
  xz-utils            Debian's archives
  procps              what runs where
  git                 stacks from repositories
  openssh-client      the same by ssh
  openssh-server      a host that they come from; tests start their own, and nothing else does
  python3-venv        the example in Python
  shellcheck          the scripts that run on other machines
  util-linux          setsid, flock, unshare
"

# Recipes; changing one makes its image anew. The bare roots have what Debian cannot do without: no curl, no certificates.
systemd_packages=ca-certificates,curl,dbus,iproute2,procps,systemd,systemd-sysv
proxies_packages=$systemd_packages,apache2,caddy,git,haproxy,nginx
postgres_packages=postgresql-17
busybox_image=serverkit-test/busybox:1
systemd_image=serverkit-test/systemd:bookworm
proxies_image=serverkit-test/proxies:bookworm
debian_image=serverkit-test/debian:trixie
postgres_image=serverkit-test/postgres:17
# Where the docker command looks for what an administrator adds to it.
compose_plugin=/usr/local/lib/docker/cli-plugins/docker-compose

say() { printf '  %s\n' "$*"; }
missing_count=0
lacking() {
  say "missing: $*"
  missing_count=$((missing_count + 1))
}

root() { [ "$(id -u)" -eq 0 ]; }
debian() { [ -r /etc/os-release ] && grep -qx 'ID=debian' /etc/os-release; }
engine() { docker version >/dev/null 2>&1; }
has_image() { [ "$(docker image inspect --format '{{index .Config.Labels "serverkit.recipe"}}' "$1" 2>/dev/null)" = "$2" ]; }
is_made() { [ -s "$cache/$1.tar" ] && [ "$(cat "$cache/$1.recipe" 2>/dev/null)" = "$2" ]; }
installed() { [ "$(dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

package_names() {
  printf '%s' "$packages" | awk 'NF { print $1 }'
  # Debian 13 moved the client out of docker.io and only recommends it.
  if apt-cache show docker-cli >/dev/null 2>&1; then echo docker-cli; fi
}

absent_packages() {
  for name in $(package_names); do
    installed "$name" || printf '%s ' "$name"
  done
}

install_packages() {
  absent=$(absent_packages)
  [ -n "$absent" ] || return 0
  say "installing $absent"
  # Brought for tests alone, it opens no door of this machine (ssh.service(5) and its init script look for the file).
  installed openssh-server || { mkdir -p /etc/ssh && : >/etc/ssh/sshd_not_to_be_run; }
  log=$cache/apt.log
  # A source that cannot be reached is no reason to stop: the installation tells whether it mattered.
  apt-get -o DPkg::Lock::Timeout=300 update >"$log" 2>&1 || say "some package lists could not be fetched"
  # shellcheck disable=SC2086 # a list of names
  if ! DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install --yes --no-install-recommends \
    $absent >>"$log" 2>&1; then
    tail -n 20 "$log" >&2
    say "the packages could not be installed (full log: $log)"
  fi
}

start_engine() {
  if engine || ! command -v dockerd >/dev/null 2>&1; then return 0; fi
  say "starting the Docker engine (log: $engine_log)"
  if [ -d /run/systemd/system ]; then
    systemctl start docker >"$engine_log" 2>&1 || true
  else
    grep -q ' /sys/fs/cgroup' /proc/mounts || mount -t cgroup2 none /sys/fs/cgroup || true
    # A pid file that outlived its engine would keep the next one from starting.
    if [ -f /var/run/docker.pid ] && ! kill -0 "$(cat /var/run/docker.pid)" 2>/dev/null; then
      rm -f /var/run/docker.pid
    fi
    # Without descriptor 9, or the engine would hold this script's lock for as long as it lives.
    setsid dockerd >"$engine_log" 2>&1 </dev/null 9>&- &
  fi
  tries=0
  until engine; do
    tries=$((tries + 1))
    if [ "$tries" -gt 120 ]; then
      tail -n 20 "$engine_log" >&2
      return 0
    fi
    sleep 0.5
  done
}

import_image() { # name recipe archive change...
  name=$1 recipe=$2 archive=$3
  shift 3
  say "importing $name"
  docker import "$@" --change "LABEL serverkit.recipe=\"$recipe\"" "$archive" "$name" >/dev/null ||
    say "$name could not be imported"
}

busybox_recipe() { dpkg-query --show --showformat='${Version}' busybox-static 2>/dev/null || true; }

make_busybox() {
  engine && installed busybox-static || return 0
  recipe=$(busybox_recipe)
  if has_image "$busybox_image" "$recipe"; then return 0; fi
  tree=$(mktemp -d)
  mkdir -p "$tree/bin" "$tree/etc" "$tree/tmp" "$tree/root" "$tree/proc" "$tree/sys" "$tree/dev"
  chmod 1777 "$tree/tmp"
  cp /bin/busybox "$tree/bin/busybox"
  for applet in $(/bin/busybox --list); do
    [ "$applet" = busybox ] || ln -s busybox "$tree/bin/$applet"
  done
  echo 'root:x:0:0:root:/root:/bin/sh' >"$tree/etc/passwd"
  echo 'root:x:0:' >"$tree/etc/group"
  tar -C "$tree" -cf "$tree.tar" .
  import_image "$busybox_image" "$recipe" "$tree.tar" --change 'CMD ["/bin/sh"]' --change 'ENV PATH=/bin'
  rm -rf "$tree" "$tree.tar"
}

# The mirror that this machine's own package manager uses, for its own sake and for machines without another.
mirror() {
  # shellcheck disable=SC2016 # apt's own placeholder
  found=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' "Codename: $suite" 'Component: main' \
    2>/dev/null | head -n 1)
  printf '%s' "${found:-http://deb.debian.org/debian}"
}

make_rootfs() { # name suite packages
  if is_made "$1" "$2 $3" || ! command -v debootstrap >/dev/null 2>&1; then return 0; fi
  say "making a Debian $2 root${3:+ with $3} (about a minute, once)"
  tree=$(mktemp -d "$cache/root.XXXXXX")
  mkdir -p "$cache/debs"
  if debootstrap --variant=minbase ${3:+--include="$3"} --cache-dir="$cache/debs" "$2" "$tree" "$(mirror)" \
    >"$cache/debootstrap.log" 2>&1; then
    # Its own identity would be shared by every machine made from it.
    : >"$tree/etc/machine-id"
    rm -rf "$tree/var/cache/apt/archives" "$tree/var/lib/apt/lists" "$tree/usr/sbin/policy-rc.d" \
      "$tree/var/lib/postgresql"
    mkdir -p "$tree/var/cache/apt/archives/partial" "$tree/var/lib/apt/lists/partial"
    chmod 755 "$tree"
    tar -C "$tree" --numeric-owner -cf "$cache/$1.tar.new" .
    mv "$cache/$1.tar.new" "$cache/$1.tar"
    printf '%s' "$2 $3" >"$cache/$1.recipe"
  else
    tail -n 20 "$cache/debootstrap.log" >&2
  fi
  rm -rf "$tree"
}

# Debian has no package of the GraphQL library that the example in Python uses.
make_python() {
  if [ "$(cat "$cache/python/recipe" 2>/dev/null)" = "$(cat examples/python/requirements.txt)" ]; then return 0; fi
  [ -x /usr/bin/python3 ] || return 0
  say "installing the Python libraries of the examples"
  rm -rf "$cache/python"
  if /usr/bin/python3 -m venv "$cache/python" >"$cache/python.log" 2>&1 &&
    "$cache/python/bin/pip" install --quiet --requirement examples/python/requirements.txt >>"$cache/python.log" 2>&1; then
    cp examples/python/requirements.txt "$cache/python/recipe"
  else
    tail -n 20 "$cache/python.log" >&2
  fi
}

make_image() { # image root recipe change...
  image=$1 root=$2 recipe=$3
  shift 3
  if engine && [ -s "$cache/$root.tar" ] && ! has_image "$image" "$recipe"; then
    import_image "$image" "$recipe" "$cache/$root.tar" "$@"
  fi
}

# Whatever is built on these images inherits their label. Without a name and an hour old, it belongs to no build any more.
drop_old_layers() {
  engine || return 0
  docker image prune --force --filter dangling=true --filter label=serverkit.recipe --filter until=1h >/dev/null || true
}

# Debian 12 has the first Compose alone; the second one, a single static program, is in the release after it.
plugin() { docker compose version >/dev/null 2>&1; }
fetch_compose() {
  if plugin; then return 0; fi
  say "fetching the second Compose from Debian $next_suite"
  place=$(mktemp -d)
  mkdir -p "$place/lists/partial" "$place/archives/partial" "$place/tree"
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $(mirror) $next_suite main" >"$place/sources.list"
  set -- -o "Dir::Etc::SourceList=$place/sources.list" -o Dir::Etc::SourceParts=- -o "Dir::State::Lists=$place/lists" \
    -o "Dir::Cache=$place" -o APT::Sandbox::User=root
  if (cd "$place" && apt-get "$@" update && apt-get "$@" download docker-compose) >"$cache/compose.log" 2>&1; then
    dpkg-deb --extract "$place"/docker-compose_*.deb "$place/tree"
    mkdir -p "${compose_plugin%/*}"
    mv "$place/tree/usr/libexec/docker/cli-plugins/docker-compose" "$compose_plugin"
  else
    tail -n 20 "$cache/compose.log" >&2
  fi
  rm -rf "$place"
}

report() {
  if debian; then
    absent=$(absent_packages)
    [ -z "$absent" ] || lacking "Debian packages $absent"
  else
    for command in docker chromium debootstrap busybox ip iptables curl; do
      command -v "$command" >/dev/null 2>&1 || lacking "$command"
    done
  fi
  if ! engine; then
    lacking 'a Docker engine that answers'
  else
    for image in "$busybox_image" "$systemd_image" "$proxies_image" "$debian_image" "$postgres_image"; do
      docker image inspect "$image" >/dev/null 2>&1 || lacking "the image $image"
    done
    plugin || lacking 'Compose, the second one'
  fi
  [ -s "$cache/python/recipe" ] || lacking 'the Python library gql'
  [ -s "$cache/$suite.tar" ] || lacking "the root file system $cache/$suite.tar"
}

if [ "${1:-}" != --check ] && root && debian; then
  mkdir -p "$cache"
  exec 9>"$cache/lock"
  flock 9
  install_packages
  start_engine
  make_busybox
  make_rootfs "$suite" "$suite" ''
  make_rootfs systemd "$suite" "$systemd_packages"
  make_image "$systemd_image" systemd "$systemd_packages" --change 'CMD ["/sbin/init"]' --change 'ENV container=docker'
  make_rootfs proxies "$suite" "$proxies_packages"
  make_image "$proxies_image" proxies "$proxies_packages" --change 'CMD ["/sbin/init"]' --change 'ENV container=docker'
  make_rootfs debian "$next_suite" ''
  make_image "$debian_image" debian "$next_suite" --change 'CMD ["bash"]'
  make_rootfs postgres "$next_suite" "$postgres_packages"
  make_image "$postgres_image" postgres "$postgres_packages" --change 'CMD ["bash"]' \
    --change 'ENV PATH=/usr/lib/postgresql/17/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
  make_python
  fetch_compose
  drop_old_layers
fi
report
if [ "$missing_count" -eq 0 ]; then
  say 'every real part is there'
elif [ "${1:-}" != --check ] && ! { root && debian; }; then
  say 'run this as root on Debian to have them installed; until then the suites that need them do not run'
fi
[ "$missing_count" -eq 0 ] || [ "${CI:-}" != true ]
