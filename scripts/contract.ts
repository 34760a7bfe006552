/**
 * `npm run contract` records `wire/agent.graphql` as the contract of this tree's `contractVersion`, so that later trees
 * are held to it; the last two are kept. With --check it fails when the contract removes or tightens anything that a
 * recorded one holds, or when the public API breaks what the last release published without announcing it, or takes away
 * what that release did not mark as deprecated.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { contractVersion } from '@serverkit/wire/handshake.ts';
import { breaks, byVersion, contractFaults, unannounced, unwarned } from './contract/rules.ts';

const folder = 'wire/contracts';
const fileOf = (version: string): string => `${folder}/${version}.graphql`;
const read = (file: string): string => readFileSync(file, 'utf8');

const git = (...args: readonly string[]): string | undefined => {
  try {
    return execFileSync('git', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  } catch {
    return undefined; // no repository, no such tag or no such file
  }
};

const lastRelease = git('describe', '--tags', '--match', 'v*', '--abbrev=0')?.trim();
/** A file as the last release published it. */
const released = (file: string): string | undefined =>
  lastRelease === undefined ? undefined : git('show', `${lastRelease}:${file}`);

const current = read('wire/agent.graphql');
const versions = globSync(`${folder}/*.graphql`)
  .map((file) => basename(file, '.graphql'))
  .toSorted(byVersion);

function check(): string[] {
  const recorded = new Map(versions.map((version) => [version, read(fileOf(version))]));
  const faults = contractFaults(contractVersion, current, recorded);
  const api = 'api/schema.graphql';
  const published = released(api);
  if (published !== undefined && existsSync(api)) {
    const silent = unannounced(breaks(published, read(api)), read('CHANGELOG.md'));
    faults.push(
      ...silent.map((sentence) => `break of the public API that CHANGELOG.md does not announce: ${sentence}`),
      ...unwarned(published, read(api)).map(
        (sentence) =>
          `removal from the public API that ${lastRelease ?? ''} does not mark as deprecated: ${sentence}`,
      ),
    );
  }
  return faults;
}

function record(): void {
  const file = fileOf(contractVersion);
  const frozen = released(file);
  if (frozen !== undefined && frozen !== current) {
    throw new Error(
      `contract ${contractVersion} is released: raise contractVersion in wire/handshake.ts first`,
    );
  }
  if (existsSync(file)) {
    for (const sentence of breaks(read(file), current))
      console.warn(`breaks the unreleased record: ${sentence}`);
  }
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, current);
  const kept = [...new Set([...versions, contractVersion])].toSorted(byVersion);
  for (const version of kept.slice(0, -2)) rmSync(fileOf(version));
  console.log(`recorded ${file}`);
}

if (process.argv.includes('--check')) {
  const faults = check();
  for (const fault of faults) console.error(fault);
  process.exitCode = faults.length === 0 ? 0 : 1;
} else record();
