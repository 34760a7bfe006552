import { expect, test } from 'vitest';
import { AgentError, systemCode, throwIfAborted } from './errors.ts';

test('an agent error shows its code to GraphQL, and its cause to nobody', () => {
  const error = new AgentError('DOCKER_ERROR', 'Docker failed.', new Error('secret detail'));
  expect(JSON.parse(JSON.stringify(error))).toEqual({
    message: 'Docker failed.',
    extensions: { code: 'DOCKER_ERROR' },
  });
  expect(error.cause).toBeInstanceOf(Error);
});

test('a cancelled operation goes no further', () => {
  expect(() => throwIfAborted(new AbortController().signal)).not.toThrow();
  expect(() => throwIfAborted(AbortSignal.abort())).toThrow(expect.objectContaining({ code: 'CANCELLED' }));
});

test('only errors of the system have a system code', () => {
  expect(systemCode(Object.assign(new Error('x'), { code: 'ENOENT' }))).toBe('ENOENT');
  expect(systemCode(Object.assign(new Error('x'), { code: 5 }))).toBeUndefined();
  expect(systemCode('ENOENT')).toBeUndefined();
});
