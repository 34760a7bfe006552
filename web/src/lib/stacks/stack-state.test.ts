import { expect, test } from 'vitest';
import type { Stacks_RowFragment } from '../generated/graphql.ts';
import { isDone, servicesOf, stackLook } from './stack-state.ts';

type Service = Stacks_RowFragment['services'][number];
type Container = Service['containers'][number];

const runs: Container = { state: 'RUNNING', health: null, exitCode: null };
const done: Container = { state: 'EXITED', health: null, exitCode: 0 };
const crashed: Container = { state: 'EXITED', health: null, exitCode: 3 };
const service = (name: string, ...containers: Container[]): Service => ({ name, containers });

test('one that did its work and ended well is counted as that, and is no fault', () => {
  const services = [service('web', runs, runs), service('migrate', done)];
  expect(servicesOf({ services })).toEqual({ running: 1, done: 1, all: 2 });
  expect(stackLook({ state: 'RUNNING', services })).toBe('good');
});

test('one that crashed is a fault', () => {
  const services = [service('web', runs), service('worker', crashed)];
  expect(servicesOf({ services })).toEqual({ running: 1, done: 0, all: 2 });
  expect(stackLook({ state: 'PARTIAL', services })).toBe('warning');
});

test('one that runs is not done, and neither is one that was never started', () => {
  expect(isDone(service('web', runs))).toBe(false);
  expect(isDone(service('web', { state: 'CREATED', health: null, exitCode: 0 }))).toBe(false);
});
