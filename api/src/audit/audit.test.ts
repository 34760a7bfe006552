import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { redact } from './redact.ts';
import { RefusalCounter } from './refusal-counter.ts';
import type { Refusal } from './service.ts';

describe('parameters on record', () => {
  test('hold no secrets, wherever they stand', () => {
    const kept = redact({
      input: {
        name: 'web-1',
        password: 'p1',
        newPassword: 'p2',
        token: 't',
        registrationToken: 'rt',
        clientSecret: 's',
        apiKey: 'k',
        code: 'c',
        nested: [{ sessionProof: 'x', port: 80 }],
        passwordless: true,
      },
    });
    expect(kept).toEqual({
      input: {
        name: 'web-1',
        password: '[redacted]',
        newPassword: '[redacted]',
        token: '[redacted]',
        registrationToken: '[redacted]',
        clientSecret: '[redacted]',
        apiKey: '[redacted]',
        code: '[redacted]',
        nested: [{ sessionProof: '[redacted]', port: 80 }],
        passwordless: true,
      },
    });
  });

  test('tell of what people typed, looked for or had run how much there was, and not what', () => {
    const kept = redact({
      input: {
        filter: { text: 'eyJhbGciOi', regex: false },
        command: ['redis-server', '--requirepass', 'hunter2'],
        entrypoint: null,
        healthcheck: { test: ['CMD', 'check', 'hunter2'] },
        compose: 'services: {}',
      },
    });
    expect(kept).toEqual({
      input: {
        filter: { text: '[10 characters]', regex: false },
        command: '[3 items]',
        entrypoint: null,
        healthcheck: { test: '[3 items]' },
        compose: '[12 characters]',
      },
    });
  });

  test('are cut to a size nobody can fill a disk with', () => {
    const deep = { a: { b: { c: { d: { e: { f: 1 } } } } } };
    const kept = redact({
      deep,
      name: 'x'.repeat(10_000),
      list: Array.from({ length: 1_000 }, (_, index) => index),
    });
    expect(JSON.stringify(kept).length).toBeLessThan(1_000);
    expect(JSON.stringify(kept)).toContain('[too deep]');
  });
});

type Write = (refusal: Refusal, count: number) => Promise<void>;

describe('refusals', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  const refusal = (address: string, code = 'UNAUTHENTICATED'): Refusal => ({
    actor: { kind: 'anonymous', address },
    action: 'query.servers',
    code,
  });

  test('are written once at once, and counted for a minute', async () => {
    const write = vi.fn<Write>(() => Promise.resolve());
    const counter = new RefusalCounter(write);
    for (let attempt = 0; attempt < 500; attempt++) counter.add(refusal('192.0.2.1'));
    expect(write).toHaveBeenCalledOnce();
    vi.advanceTimersByTime(60_000);
    expect(write.mock.calls.map(([, count]) => count)).toEqual([1, 499]);
    counter.add(refusal('192.0.2.1'));
    expect(write).toHaveBeenCalledTimes(3);
    await counter.flush();
  });

  test('of different kinds are counted apart, up to a limit', async () => {
    const write = vi.fn<Write>(() => Promise.resolve());
    const counter = new RefusalCounter(write);
    for (let host = 0; host < 5_000; host++) counter.add(refusal(`host ${host}`));
    expect(write.mock.calls.length).toBe(1_001);
    await counter.flush();
    expect(write.mock.calls.map(([, count]) => count).reduce((sum, count) => sum + count, 0)).toBe(5_000);
  });

  test('of what has the same name on two servers are counted apart, each with its own', async () => {
    const write = vi.fn<Write>(() => Promise.resolve());
    const counter = new RefusalCounter(write);
    const shop = { ...refusal('192.0.2.1'), target: { kind: 'gitSource', id: 'shop' } };
    const [here, there] = [
      { ...shop, serverId: 'srv_1' },
      { ...shop, serverId: 'srv_2' },
    ];
    for (const one of [here, there, there, there]) counter.add(one);
    expect(write.mock.calls).toEqual([
      [here, 1],
      [there, 1],
    ]);
    await counter.flush();
    expect(write.mock.calls.slice(2)).toEqual([[expect.objectContaining({ serverId: 'srv_2' }), 2]]);
  });

  test('of one who asks for ever more things hide nobody else', async () => {
    const write = vi.fn<Write>(() => Promise.resolve());
    const counter = new RefusalCounter(write);
    const ada = { kind: 'user', id: 'usr_ada', label: 'ada@example.com', address: '192.0.2.1' } as const;
    for (let n = 0; n < 5_000; n++) {
      counter.add({ ...refusal(''), actor: ada, target: { kind: 'server', id: `srv_${n}` } });
      counter.add(refusal(`2001:db8:1:1::${n.toString(16)}`));
    }
    expect(write.mock.calls.length).toBe(52);
    counter.add(refusal('192.0.2.9'));
    expect(write.mock.lastCall?.[0]).toEqual(refusal('192.0.2.9'));
    await counter.flush();
    const more = write.mock.calls.filter(([{ action }]) => action === 'many');
    expect(more.map(([{ actor }, count]) => [actor, count])).toEqual([
      [ada, 1],
      [ada, 4_949],
    ]);
  });
});
