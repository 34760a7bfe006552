import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { describe, test, type SuiteOptions } from 'vitest';
import { join } from 'node:path';
import { cacheFolder, rootfsArchive, testImages } from './images.ts';
import { composeTools } from './product/compose.ts';
import { sshdPath } from './ssh-server.ts';

/** What a suite may need besides Node: real parts that the machine has or has not. */
export type Part =
  | 'root'
  | 'docker'
  | 'systemd-image'
  | 'proxies-image'
  | 'debian-image'
  | 'postgres-image'
  | 'compose'
  | 'registry'
  | 'chromium'
  | 'netns'
  | 'iptables'
  | 'debootstrap'
  | 'rootfs'
  | 'shellcheck'
  | 'git'
  | 'sshd'
  | 'python-gql';

/** With CI=true a missing part fails the suites that need it; elsewhere they are reported as not run. */
const strict = process.env['CI'] === 'true';

const succeeds = (command: string, ...args: string[]): boolean =>
  spawnSync(command, args, { stdio: 'ignore', timeout: 20_000 }).status === 0;

const isRoot = (): boolean => process.getuid?.() === 0;

function readable(file: string): boolean {
  try {
    accessSync(file, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}

/** Chromium's executable: SERVERKIT_CHROMIUM, or the usual places of Debian and its neighbours. */
export function chromiumPath(): string | undefined {
  const candidates = [
    process.env['SERVERKIT_CHROMIUM'],
    '/usr/bin/chromium',
    '/usr/bin/chromium-browser',
    '/usr/bin/google-chrome',
  ];
  return candidates.find((file) => file !== undefined && existsSync(file));
}

/** The Python that has the libraries of examples/python. */
export const pythonPath = (): string => join(cacheFolder(), 'python/bin/python');

const image = (name: string): string | undefined =>
  succeeds('docker', 'image', 'inspect', name) ? undefined : `the image ${name} is missing`;

/** Each answers what is missing, as a sentence for the person who runs the tests, or undefined. */
const checks: Record<Part, () => string | undefined> = {
  root: () => (isRoot() ? undefined : 'this needs to run as root'),
  docker: () => {
    if (!succeeds('docker', 'version')) return 'no Docker engine answers';
    return image(testImages.busybox);
  },
  'systemd-image': () => image(testImages.systemd),
  'proxies-image': () => image(testImages.proxies),
  'debian-image': () => image(testImages.debian),
  'postgres-image': () => image(testImages.postgres),
  compose: () => {
    const found = composeTools();
    if (found.length === 0) return 'there is no Compose';
    return strict && found.length === 1
      ? `there is ${found[0]?.title} alone, not both generations`
      : undefined;
  },
  chromium: () => {
    if (!chromiumPath()) return 'Chromium is not installed';
    return existsSync('/usr/bin/perl') ? undefined : 'Perl, which starts Chromium, is not installed';
  },
  registry: () =>
    succeeds('docker-registry', '--version') && succeeds('which', 'htpasswd')
      ? undefined
      : 'docker-registry or htpasswd is not installed',
  netns: () =>
    isRoot() && succeeds('ip', 'netns', 'list') ? undefined : 'network namespaces need root and iproute2',
  iptables: () =>
    isRoot() && succeeds('iptables', '-S') ? undefined : 'firewall rules need root and iptables',
  debootstrap: () => (succeeds('debootstrap', '--version') ? undefined : 'debootstrap is not installed'),
  shellcheck: () => (succeeds('shellcheck', '--version') ? undefined : 'shellcheck is not installed'),
  git: () => (succeeds('git', '--version') ? undefined : 'Git is not installed'),
  sshd: () => (existsSync(sshdPath) ? undefined : 'openssh-server is not installed'),
  'python-gql': () =>
    succeeds(pythonPath(), '-c', 'import gql.transport.websockets')
      ? undefined
      : 'the Python library gql is not installed',
  rootfs: () =>
    readable(rootfsArchive()) ? undefined : `the Debian root file system ${rootfsArchive()} is missing`,
};

const known = new Map<Part, string | undefined>();

/** What is missing of `part`, as a sentence; undefined when it is there. Looked up once per process. */
export function missing(part: Part): string | undefined {
  if (!known.has(part)) known.set(part, checks[part]());
  return known.get(part);
}

/**
 * A `describe` for a suite that needs real parts. Where one is missing the suite fails under CI=true, and is loudly
 * reported as not run elsewhere.
 */
export function describeWith(
  needs: Part | readonly Part[],
  name: string,
  suite: () => void,
  options: SuiteOptions = {},
): void {
  const reasons = [needs].flat().flatMap((part) => missing(part) ?? []);
  if (reasons.length === 0) {
    describe(name, options, suite);
    return;
  }
  const reason = `${reasons.join(', ')}; scripts/provision.sh brings it`;
  if (strict) {
    describe(name, () => {
      test('has the parts it needs', () => {
        throw new Error(reason);
      });
    });
    return;
  }
  console.warn(`\nNOT RUN: ${name}: ${reason}\n`);
  describe.skip(`${name} (NOT RUN: ${reason})`, suite);
}
