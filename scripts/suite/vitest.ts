import { stripVTControlCharacters } from 'node:util';
import { startVitest, type TestCase } from 'vitest/node';
import { strict } from './stage.ts';
import type { Outcome, Stage } from './stage.ts';

/** Of an error only so much is said again; the whole of it stands where it happened. */
const LONGEST = 400;

const messageOf = (error: unknown): string =>
  typeof error === 'object' && error && 'message' in error ? String(error.message) : String(error);

const fault = (where: string, errors: readonly unknown[] = []): string =>
  [
    `✗ ${where}`,
    ...errors.map(
      (error) =>
        `    ${stripVTControlCharacters(messageOf(error)).slice(0, LONGEST).replaceAll('\n', '\n    ')}`,
    ),
  ].join('\n');

const testFault = (test: TestCase): string =>
  fault(`${test.module.relativeModuleId} > ${test.fullName}`, test.result().errors);

/** One of the projects of vitest.config.ts as a stage; its tests count one by one, and what broke outside of any. */
export function vitestStage(project: string): Stage {
  return {
    name: project,
    async run(): Promise<Outcome> {
      const vitest = await startVitest([], { run: true, watch: false, project: [project] });
      const modules = vitest.state.getTestModules();
      const tests = modules.flatMap((module) => [...module.children.allTests()]);
      const count = (state: string): number => tests.filter((test) => test.result().state === state).length;
      const stray = vitest.state.getUnhandledErrors();
      await vitest.close();
      process.exitCode = undefined; // Vitest's own; the summary decides.

      const [passed, notRun] = [count('passed'), count('skipped') + count('pending')];
      // A file that cannot be loaded, or a hook that throws, fails its module without failing a test.
      const broken = modules.filter(
        (module) => !module.ok() && [...module.children.allTests('failed')].length === 0,
      );
      const remarks = [
        notRun > 0 && `${notRun} not run`,
        broken.length > 0 && `${broken.length} files failed outside of their tests`,
        stray.length > 0 && `${stray.length} errors outside of tests`,
        tests.length === 0 && 'no test was found',
      ];
      const faults = [
        ...tests.filter((test) => test.result().state === 'failed').map(testFault),
        ...broken.map((module) => fault(module.relativeModuleId, module.errors())),
        ...stray.map((error) => fault('outside of tests', [error])),
      ];
      return {
        ok: faults.length === 0 && tests.length > 0 && !(strict && notRun > 0),
        passed,
        failed: faults.length,
        faults,
        remark: remarks.filter((remark) => remark !== false).join(', '),
      };
    },
  };
}
