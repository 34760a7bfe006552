import { expect, test } from 'vitest';
import { ServerKitError } from '../errors.ts';
import { askEach } from './ask-each.ts';

test('who fails or is silent costs its own answer, and nobody waits longer than the deadline', async () => {
  const offline = new ServerKitError('AGENT_OFFLINE', 'away');
  const asked = await askEach(['up', 'away', 'silent'], 20, (id) => {
    if (id === 'up') return Promise.resolve(7);
    return id === 'away' ? Promise.reject(offline) : new Promise<number>(() => undefined);
  });
  expect(asked).toEqual([
    { serverId: 'up', answer: 7, error: null },
    { serverId: 'away', answer: null, error: offline },
    {
      serverId: 'silent',
      answer: null,
      error: expect.objectContaining({ code: 'AGENT_TIMEOUT' }) as unknown,
    },
  ]);
});
