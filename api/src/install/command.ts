import type { Route } from './route.ts';

/**
 * The line to paste into a root shell. It downloads the installer by what the machine has, runs it only when it is the
 * one this line was made with, and hands it the token where neither a list of processes nor the shell's environment
 * shows it. Works in sh, dash, bash and zsh, and leaves nothing behind but what the installer does.
 *
 * @param sha256 - of the installer
 */
export function linuxCommand(route: Route, sha256: string, token: string): string {
  const url = `${route.downloads}/install.sh`;
  const ways = ['curl -fsSLm60 $u', 'wget -qt1 -T60 -O- $u'];
  if (route.plain) ways.push(bashDownload(route.plain));
  else ways.push('{ { apt-get update; apt-get install -y curl ca-certificates; } >&2 && curl -fsSL $u; }');
  return [
    `(u=${url}; f=$(mktemp); trap 'rm -f "$f"' EXIT`,
    `{ ${ways.join(' || ')}; } >"$f" 2>/dev/null`,
    `if echo "${sha256}  $f" | sha256sum -c --status; then SERVERKIT_TOKEN=${token} sh "$f"`,
    `else echo "Nothing was installed: $u cannot be reached from here, or is not what this command was made for." >&2; false; fi)`,
  ].join('; ');
}

function bashDownload({ host, port }: NonNullable<Route['plain']>): string {
  return `timeout 60 bash -c 'exec 3<>/dev/tcp/${host}/${port}; printf "GET /install.sh HTTP/1.0\\r\\n\\r\\n" >&3; sed "1,/^\\r*$/d" <&3'`;
}

/** For a machine that has the agent already: registers it, again if it was before. */
export function manualCommand(route: Route, caFingerprint: string | undefined, token: string): string {
  const trust = caFingerprint ? ` --ca-sha256 ${caFingerprint}` : '';
  return `SERVERKIT_TOKEN=${token} serverkit-agent register --server ${route.server}${trust}`;
}
