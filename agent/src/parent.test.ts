import { expect, test } from 'vitest';
import { parseParentMessage } from './parent.ts';

const whole = {
  server: 'unix:/run/sk.sock',
  stateDir: '/data/agent',
  scopes: ['docker:containers:read'],
  deniedPaths: ['/data'],
};

test('what may be left out is left out', () => {
  expect(parseParentMessage(JSON.stringify(whole))).toEqual({
    ...whole,
    stacks: null,
    token: null,
    ca: null,
    logLevel: 'info',
    dockerSocket: null,
  });
});

test.each([
  ['not JSON', 'hello', /JSON/],
  ['not an object', 'null', /not an object/],
  ['no server', JSON.stringify({ ...whole, server: undefined }), /server/],
  ['a relative state folder', JSON.stringify({ ...whole, stateDir: 'data' }), /stateDir/],
  ['an unknown scope', JSON.stringify({ ...whole, scopes: ['everything'] }), /scopes/],
  ['a relative denied path', JSON.stringify({ ...whole, deniedPaths: ['data'] }), /deniedPaths/],
  [
    'a relative folder of stacks',
    JSON.stringify({ ...whole, stacks: { folder: 'x', scratch: '/y' } }),
    /stacks/,
  ],
  ['a token that is no text', JSON.stringify({ ...whole, token: 5 }), /token/],
])('refuses %s', (_name, line, problem) => {
  expect(() => parseParentMessage(line)).toThrow(problem);
});
