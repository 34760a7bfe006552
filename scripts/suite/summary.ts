import type { Done } from './stage.ts';

/** Stages and the tests in them, together. */
export interface Tally {
  readonly passed: number;
  readonly failed: number;
}

/**
 * Adds up what was checked: a stage by its tests, any other as one. A stage that failed though none of its tests did
 * (a file that cannot be loaded, an error outside of tests) is one failure. One that could not run counts as failed when
 * `strict`, else not at all.
 */
export function tally(stages: readonly Done[], strict: boolean): Tally {
  let [passed, failed] = [0, 0];
  for (const { ok, passed: good = ok === true ? 1 : 0, failed: bad = 0 } of stages) {
    passed += good;
    failed += bad > 0 ? bad : ok === false || (ok === undefined && strict) ? 1 : 0;
  }
  return { passed, failed };
}

/** The line that machines read; it must stay the last. */
export const lastLine = ({ passed, failed }: Tally): string => `${passed} passed, ${failed} failed`;

const word = ({ ok }: Done): string => (ok === undefined ? '– not run' : ok ? '✓ passed' : '✗ FAILED');

/** One aligned line per stage: how it ended, how long it took, how many tests, what to know. */
export function table(stages: readonly Done[]): string {
  return stages
    .map((stage) => {
      const { name, duration, passed, failed, remark = '' } = stage;
      const tests = passed === undefined ? '' : `${passed + (failed ?? 0)} tests`;
      const time = `${(duration / 1000).toFixed(1)} s`;
      return `${word(stage).padEnd(11)}${name.padEnd(24)}${time.padStart(8)}${tests.padStart(12)}  ${remark}`.trimEnd();
    })
    .join('\n');
}

/** Of what a tool printed, the end: most tools sum up there. Lines. */
const TOLD_AGAIN = 20;

const saidBy = ({ ok, faults, output = '' }: Done): readonly string[] =>
  faults ?? (ok === false && output ? [output.trimEnd().split('\n').slice(-TOLD_AGAIN).join('\n')] : []);

/** Everything that failed inside the stages, said again: a reader of a long log looks at its end. Empty if nothing did. */
export function faultsOf(stages: readonly Done[]): string {
  return stages
    .map((stage) => ({ name: stage.name, said: saidBy(stage) }))
    .filter(({ said }) => said.length > 0)
    .map(({ name, said }) => [`What failed in ${name}:`, ...said].join('\n'))
    .join('\n\n');
}
