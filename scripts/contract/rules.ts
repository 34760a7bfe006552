import { buildSchema, findBreakingChanges } from 'graphql';

/**
 * What was removed or tightened between two printed schemas, one sentence each: changes after which an older client,
 * or an older control plane, would fail. Additions and relaxations are not among them.
 */
export const breaks = (before: string, after: string): string[] =>
  findBreakingChanges(buildSchema(before), buildSchema(after))
    .map(({ description }) => description)
    // A built-in scalar comes and goes with its use, which is reported by itself.
    .filter((sentence) => !sentence.startsWith('Standard scalar '));

/** Breaks whose sentence does not stand in the first section of a changelog, the one for the coming release. */
export function unannounced(found: readonly string[], changelog: string): string[] {
  const [, coming = ''] = changelog.split(/^## .*$/m);
  return found.filter((sentence) => !coming.includes(sentence));
}

/** Orders versions of the form `major.minor`: `1.9` before `1.10`. */
export function byVersion(a: string, b: string): number {
  const [majorA = 0, minorA = 0] = a.split('.').map(Number);
  const [majorB = 0, minorB = 0] = b.split('.').map(Number);
  return majorA - majorB || minorA - minorB;
}

/** The recorded contracts, as `version → printed schema`, that the current one is held against. */
export type Recorded = ReadonlyMap<string, string>;

/** What is wrong with the agent's contract, one sentence each. */
export function contractFaults(version: string, current: string, recorded: Recorded): string[] {
  const faults: string[] = [];
  const own = recorded.get(version);
  if (own === undefined) faults.push(`contract ${version} is not recorded: run \`npm run contract\``);
  for (const [older, text] of recorded) {
    if (byVersion(older, version) > 0)
      faults.push(`contract ${older} is newer than contractVersion ${version}`);
    else faults.push(...breaks(text, current).map((sentence) => `breaks contract ${older}: ${sentence}`));
  }
  if (own !== undefined && own !== current && faults.length === 0) {
    faults.push(
      `the contract grew since ${version} was recorded: run \`npm run contract\`, after raising contractVersion if ${version} is released`,
    );
  }
  return faults;
}
