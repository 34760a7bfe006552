import {
  BreakingChangeType,
  buildSchema,
  findBreakingChanges,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
  type GraphQLSchema,
} from 'graphql';

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

/** Changes that take something away which the release before could have marked as deprecated. */
const removals: ReadonlySet<string> = new Set([
  BreakingChangeType.FIELD_REMOVED,
  BreakingChangeType.ARG_REMOVED,
  BreakingChangeType.VALUE_REMOVED_FROM_ENUM,
]);

/**
 * Removals between two published schemas that nobody was warned of: the older one does not mark them as deprecated.
 * What belongs to a type that is gone as a whole went with the fields that led to it.
 */
export function unwarned(before: string, after: string): string[] {
  const older = buildSchema(before);
  const expected = deprecations(older);
  return findBreakingChanges(older, buildSchema(after))
    .filter(({ type, description }) => removals.has(type) && !expected.has(description))
    .map(({ description }) => description);
}

/** The sentences that findBreakingChanges would say of what a schema marks as deprecated, once it is gone. */
function deprecations(schema: GraphQLSchema): Set<string> {
  const sentences = new Set<string>();
  const note = (sentence: string, { deprecationReason }: Deprecatable) => {
    if (deprecationReason != null) sentences.add(sentence);
  };
  for (const type of Object.values(schema.getTypeMap())) {
    if (isEnumType(type)) {
      for (const value of type.getValues())
        note(`${value.name} was removed from enum type ${type.name}.`, value);
    } else if (isInputObjectType(type)) {
      for (const field of Object.values(type.getFields()))
        note(`${type.name}.${field.name} was removed.`, field);
    } else if (isObjectType(type) || isInterfaceType(type)) {
      for (const field of Object.values(type.getFields())) {
        const name = `${type.name}.${field.name}`;
        note(`${name} was removed.`, field);
        for (const argument of field.args) note(`${name} arg ${argument.name} was removed.`, argument);
      }
    }
  }
  return sentences;
}

interface Deprecatable {
  readonly deprecationReason?: string | null | undefined;
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
