import { expect, test } from 'vitest';
import { neverPulling } from './never-pull.ts';

const tool = (generation: 1 | 2) =>
  ({ command: ['docker', 'compose'], version: '2.0.0', generation }) as const;
const run = (service: object, generation: 1 | 2 = 2): unknown => {
  const json = JSON.stringify({ name: 'shop', services: { web: service } });
  const value: unknown = JSON.parse(neverPulling({ json, tool: tool(generation) }));
  return value;
};
const shop = (service: object): object => ({ name: 'shop', services: { web: service } });

test.each(['always', 'missing', 'if_not_present', 'daily', 'every_12h', 'never', undefined])(
  'Compose pulls no image by itself, whatever the file says: %s',
  (policy) => {
    const service = { image: 'web:1', ...(policy && { pull_policy: policy }) };
    expect(run(service)).toEqual(shop({ image: 'web:1', pull_policy: 'never' }));
    expect(run(service, 1)).toEqual(shop({ image: 'web:1' }));
  },
);

test('nor what it builds; whether that is built each time stays as it is', () => {
  const built = { image: 'web:1', build: { context: '/srv' } };
  for (const policy of ['always', 'missing', 'daily', undefined]) {
    expect(run({ ...built, ...(policy && { pull_policy: policy }) })).toEqual(shop(built));
  }
  for (const policy of ['build', 'never']) {
    expect(run({ ...built, pull_policy: policy })).toEqual(shop({ ...built, pull_policy: policy }));
  }
});

test('a service of whatever name is run', () => {
  const json = '{"services":{"__proto__":{"image":"web:1"},"web":{"image":"web:1"}}}';
  const quiet = '{"image":"web:1","pull_policy":"never"}';
  expect(neverPulling({ json, tool: tool(2) })).toBe(`{"services":{"__proto__":${quiet},"web":${quiet}}}`);
});
