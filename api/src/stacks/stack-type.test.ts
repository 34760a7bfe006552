import { expect, test } from 'vitest';
import type { SeenStack } from './service.ts';
import { stateOf } from './stack-type.ts';

type Container = SeenStack['stack']['services'][number]['containers'][number];

const containers: Readonly<Record<string, Pick<Container, 'state' | 'exitCode'>>> = {
  runs: { state: 'RUNNING', exitCode: null },
  done: { state: 'EXITED', exitCode: 0 },
  crashed: { state: 'EXITED', exitCode: 3 },
  created: { state: 'CREATED', exitCode: 0 },
  paused: { state: 'PAUSED', exitCode: null },
};

function stateOfAll(names: string): string {
  return stateOf(
    names
      .split(' ')
      .filter(Boolean)
      .map((name) => ({
        name,
        containers: [
          {
            id: name,
            name,
            number: 1,
            status: '',
            health: null,
            image: '',
            imageId: '',
            configHash: null,
            state: 'RUNNING',
            exitCode: null,
            ...containers[name],
          },
        ],
      })),
  );
}

test.each([
  ['', 'EMPTY'],
  ['runs runs', 'RUNNING'],
  ['runs done', 'RUNNING'],
  ['runs crashed', 'PARTIAL'],
  ['runs done crashed', 'PARTIAL'],
  ['runs created', 'PARTIAL'],
  ['runs paused', 'PARTIAL'],
  ['done', 'STOPPED'],
  ['crashed', 'STOPPED'],
])('a stack of %j is %s', (names, state) => expect(stateOfAll(names)).toBe(state));
