import { expect, test } from 'vitest';
import { cpuUse, parseStat } from './cpu.ts';

const stat = (lines: readonly string[]): string => `${lines.join('\n')}\nintr 1 2 3\nctxt 4\n`;

//                            user nice system idle iowait irq softirq steal guest guest_nice
const before = parseStat(
  stat(['cpu  100 0 100 800 0 0 0 0 0 0', 'cpu0 50 0 50 400 0 0 0 0 0 0', 'cpu1 50 0 50 400 0 0 0 0 0 0']),
);

test('busy is everything but idle and waiting for disks', () => {
  const now = parseStat(
    stat([
      'cpu  110 5 110 850 10 3 2 10 0 0',
      'cpu0 50 0 50 450 0 0 0 0 0 0',
      'cpu1 60 5 60 400 10 3 2 10 0 0',
    ]),
  );
  // 10 user + 5 nice + 10 system + 3 + 2 interrupts + 10 stolen of 100 ticks
  expect(cpuUse(before, now)).toEqual({ percent: 40, cores: [0, 80] });
});

test('time of guests is part of user time and not counted twice', () => {
  const now = parseStat(stat(['cpu  150 0 100 850 0 0 0 0 50 0']));
  expect(cpuUse(before, now).percent).toBe(50);
});

test('two decimals', () => {
  const now = parseStat(stat(['cpu  101 0 100 802 0 0 0 0 0 0']));
  expect(cpuUse(before, now).percent).toBe(33.33);
});

test('counters that run backwards stay within 0 and 100', () => {
  const iowaitFell = parseStat(stat(['cpu  200 0 100 790 0 0 0 0 0 0']));
  expect(cpuUse(before, iowaitFell).percent).toBe(100);
  expect(cpuUse(before, before).percent).toBe(0);
  expect(cpuUse(iowaitFell, before).percent).toBe(0);
});

test('a core that comes online shows 0 first, one that went is gone', () => {
  const now = parseStat(
    stat(['cpu  110 0 110 880 0 0 0 0 0 0', 'cpu1 60 0 60 480 0 0 0 0 0 0', 'cpu2 9 0 9 9 0 0 0 0 0 0']),
  );
  expect(cpuUse(before, now).cores).toEqual([20, 0]);
});

test('old kernels lack the last columns', () => {
  expect(parseStat('cpu  10 0 10 80\n').all).toEqual({ busy: 20, total: 100 });
});
