import { globSync } from 'node:fs';
import { startVitest } from 'vitest/node';
import { strict } from './stage.ts';
import type { Outcome, Stage } from './stage.ts';

/** One of the projects of vitest.config.ts as a stage; its tests count one by one. */
export function vitestStage(project: string, pattern: string): Stage {
  return {
    name: project,
    async run(): Promise<Outcome> {
      if (globSync(pattern, { exclude: ['**/node_modules/**'] }).length === 0) {
        return { remark: `no file matches ${pattern}` };
      }
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
      const broken = modules.filter((module) => !module.ok()).length;
      const remarks = [
        notRun > 0 && `${notRun} not run`,
        broken > 0 && `${broken} failed files`,
        stray > 0 && `${stray} errors outside of tests`,
        tests.length === 0 && 'no test was found',
      ];
      return {
        ok: broken === 0 && stray === 0 && tests.length > 0 && !(strict && notRun > 0),
        passed,
        failed,
        remark: remarks.filter((remark) => remark !== false).join(', '),
      };
    },
  };
}
