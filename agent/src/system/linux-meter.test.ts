import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { eventually } from '../../../testing/events.ts';
import { LinuxMeter } from './linux-meter.ts';

const meter = (): LinuxMeter =>
  new LinuxMeter({
    perCore: true,
    docker: () => ({ containersTotal: 3, containersRunning: 2, imagesTotal: null }),
  });

describe.runIf(process.platform === 'linux')('on a real host', () => {
  test('measures everything it promises', async () => {
    const subject = meter();
    const sample = await subject.measure();
    expect(sample.memoryTotalBytes).toBe(totalmem());
    expect(sample.memoryUsedBytes).toBeGreaterThan(0);
    expect(sample.mounts.map(({ path }) => path)).toContain('/');
    expect(sample.cpuCores.length).toBeGreaterThan(0);
    expect(sample.uptimeSeconds).toBeGreaterThan(0);
    expect(sample).toMatchObject({ containersTotal: 3, containersRunning: 2, imagesTotal: null });
    expect(sample.networks.map(({ name }) => name)).not.toContain('lo');
  });

  test('sees a core that is kept busy', async () => {
    const subject = meter();
    await using busy = spinner();
    await busy.spinning;
    await subject.measure();
    // It may be moved from one core to another in the middle, but not each time.
    const { cpuPercent, cpuCores } = await eventually(
      async () => {
        await sleep(500);
        const sample = await subject.measure();
        return Math.max(...sample.cpuCores) > 50 && sample;
      },
      'a busy core',
      { every: 0 },
    );
    expect(cpuPercent).toBeGreaterThan(50 / cpuCores.length);
  });

  test('numbers have two decimals at most', async () => {
    const subject = meter();
    const sample = await subject.measure();
    const numbers = JSON.stringify(sample).match(/-?\d+\.\d+/g) ?? [];
    for (const number of numbers) expect(number).toMatch(/^-?\d+\.\d{1,2}$/);
  });

  test('starts no process and leaves nothing open', async () => {
    const subject = meter();
    await subject.measure();
    const children = (): string => readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8');
    const [open, born] = [readdirSync('/proc/self/fd').length, children()];
    for (let n = 0; n < 20; n++) {
      await subject.measure();
      expect(children()).toBe(born);
    }
    expect(readdirSync('/proc/self/fd').length).toBe(open);
  });
});

function spinner(): { spinning: Promise<unknown> } & AsyncDisposable {
  const child = spawn(process.execPath, ['-e', 'console.log(1);for(;;);'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const gone = new Promise((resolve) => child.once('exit', resolve));
  return {
    spinning: new Promise((resolve) => child.stdout.once('data', resolve)),
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await gone;
    },
  };
}
