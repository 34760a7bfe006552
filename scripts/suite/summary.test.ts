import { describe, expect, test } from 'vitest';
import type { Done } from './stage.ts';
import { faultsOf, tally } from './summary.ts';

const stage = (outcome: Omit<Done, 'name' | 'duration'>): Done => ({
  name: 'a stage',
  duration: 1,
  ...outcome,
});

describe('the last line counts', () => {
  test('a stage of tests by its tests, any other as one', () => {
    const stages = [stage({ ok: true }), stage({ ok: false }), stage({ ok: true, passed: 7, failed: 0 })];
    expect(tally(stages, true)).toEqual({ passed: 8, failed: 1 });
  });

  test('a test that failed once, not its stage as well', () => {
    expect(tally([stage({ ok: false, passed: 6, failed: 1 })], true)).toEqual({ passed: 6, failed: 1 });
  });

  test('a stage that failed though none of its tests did', () => {
    expect(tally([stage({ ok: false, passed: 6, failed: 0 })], true)).toEqual({ passed: 6, failed: 1 });
  });

  test('what could not run, where nothing may be missing', () => {
    expect(tally([stage({ remark: 'no such part' })], true)).toEqual({ passed: 0, failed: 1 });
    expect(tally([stage({ remark: 'no such part' })], false)).toEqual({ passed: 0, failed: 0 });
  });
});

test('what failed is said again, stage by stage, and nothing where nothing did', () => {
  const bad = stage({ ok: false, passed: 6, failed: 1, faults: ['✗ a file > a test\n    why'] });
  expect(faultsOf([stage({ ok: true }), bad])).toBe('What failed in a stage:\n✗ a file > a test\n    why');
  expect(faultsOf([stage({ ok: true, faults: [] })])).toBe('');
});

test('of a tool that failed, the end of what it printed', () => {
  const output = Array.from({ length: 30 }, (_, line) => `line ${line}`).join('\n');
  const said = faultsOf([stage({ ok: false, output }), stage({ ok: true, output: 'a warning' })]);
  expect(said).toMatch(/^What failed in a stage:\nline 10\n[^]*line 29$/);
});
