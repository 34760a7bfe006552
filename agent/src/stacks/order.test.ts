import { describe, expect, test } from 'vitest';
import type { StackService } from './stack.ts';
import { needsOf, stepsOf } from './order.ts';

const service = (name: string, ...dependsOn: string[]): StackService => ({ name, dependsOn, containers: [] });

const order = (services: readonly StackService[], normalised?: Parameters<typeof needsOf>[1]): string[] =>
  stepsOf(services, needsOf(services, normalised)).map((step) => step.map(({ name }) => name).join(' '));

describe('the order in which services start', () => {
  test('is that of what they need, those without need of each other at once', () => {
    const services = [service('web', 'api', 'cache'), service('cache'), service('api', 'db'), service('db')];
    expect(order(services)).toEqual(['cache db', 'api', 'web']);
  });

  test('is taken from the file where the labels do not tell, as with the first Compose', () => {
    const file = new Map([
      ['web', { depends_on: { db: { condition: 'service_started' } } }],
      ['worker', { depends_on: ['web'] }],
    ]);
    expect(order([service('worker'), service('web'), service('db')], file)).toEqual(['db', 'web', 'worker']);
  });

  test('does without what is not there, and ends where labels claim that two need each other', () => {
    expect(order([service('web', 'gone'), service('a', 'b'), service('b', 'a')])).toEqual(['web', 'a b']);
    expect(order([service('alone', 'alone')])).toEqual(['alone']);
  });
});
