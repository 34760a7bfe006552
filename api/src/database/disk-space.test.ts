import { tmpdir } from 'node:os';
import { describe, expect, it } from 'vitest';
import { diskSpace } from './disk-space.ts';

describe('diskSpace', () => {
  it('is low only below the floor', async () => {
    const space = await diskSpace(tmpdir(), 0);
    expect(space.freeBytes).toBeGreaterThan(0);
    expect(space.totalBytes).toBeGreaterThanOrEqual(space.freeBytes);
    expect(space.low).toBe(false);
    expect((await diskSpace(tmpdir(), Number.MAX_SAFE_INTEGER)).low).toBe(true);
  });
});
