import { startVitest } from 'vitest/node';
import { strict } from './stage.ts';
import type { Outcome, Stage } from './stage.ts';

/** One of the projects of vitest.config.ts as a stage; its tests count one by one, and what broke outside of any. */
export function vitestStage(project: string): Stage {
  return {
    name: project,
    async run(): Promise<Outcome> {
      const vitest = await startVitest([], { run: true, watch: false, project: [project] });
      const modules = vitest.state.getTestModules();
      const tests = modules.flatMap((module) => [...module.children.allTests()]);
      const count = (state: string): number => tests.filter((test) => test.result().state === state).length;
      const stray = vitest.state.getUnhandledErrors().length;
      await vitest.close();
      process.exitCode = undefined; // Vitest's own; the summary decides.

      const [passed, failed, notRun] = [
        count('passed'),
        count('failed'),
        count('skipped') + count('pending'),
      ];
      // A file that cannot be loaded, or a hook that throws, fails its module without failing a test.
      const broken = modules.filter(
        (module) => !module.ok() && [...module.children.allTests('failed')].length === 0,
      ).length;
      const remarks = [
        notRun > 0 && `${notRun} not run`,
        broken > 0 && `${broken} files failed outside of their tests`,
        stray > 0 && `${stray} errors outside of tests`,
        tests.length === 0 && 'no test was found',
      ];
      const faults = failed + broken + stray;
      return {
        ok: faults === 0 && tests.length > 0 && !(strict && notRun > 0),
        passed,
        failed: faults,
        remark: remarks.filter((remark) => remark !== false).join(', '),
      };
    },
  };
}
