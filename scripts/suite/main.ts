/** `npm test` and, with --fast, `npm run check`: every stage to its end, then one summary. */
import { fast, slow } from './stages.ts';
import { strict } from './stage.ts';
import type { Done, Outcome, Stage } from './stage.ts';
import { faultsOf, lastLine, table, tally } from './summary.ts';

const done: Done[] = [];

async function attempt(stage: Stage): Promise<Outcome> {
  try {
    return await stage.run();
  } catch (error) {
    return { ok: false, remark: String(error) };
  }
}

async function perform(stage: Stage): Promise<void> {
  if (!stage.quick) console.log(`\n── ${stage.name} ${'─'.repeat(Math.max(0, 100 - stage.name.length))}`);
  const start = performance.now();
  const outcome = await attempt(stage);
  const result: Done = { ...outcome, name: stage.name, duration: performance.now() - start };
  done.push(result);
  console.log(table([result]));
  if (outcome.output) console.log(outcome.output.trimEnd());
}

/** Two at a time, each taking the next in line. */
async function beside(stages: readonly Stage[]): Promise<void> {
  const line = stages.values();
  const lane = async (): Promise<void> => {
    for (const stage of line) await perform(stage);
  };
  await Promise.all([lane(), lane()]);
}

const chosen = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const all = process.argv.includes('--fast') ? fast : [...fast, ...slow];
const stages = chosen.length > 0 ? all.filter(({ name }) => chosen.includes(name)) : all;
if (stages.length === 0)
  throw new Error(`there is no such stage; there are: ${all.map(({ name }) => name).join(', ')}`);

await beside(stages.filter(({ quick }) => quick));
for (const stage of stages.filter(({ quick }) => !quick)) await perform(stage);

const { failed } = tally(done, strict);
console.log(
  ['', table(done), faultsOf(done), lastLine(tally(done, strict))]
    .filter((part, at) => at === 0 || part)
    .join('\n\n'),
);
process.exitCode = failed === 0 ? 0 : 1;
