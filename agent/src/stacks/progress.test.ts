import { expect, test } from 'vitest';
import { tellProgress } from './progress.ts';

test.each([
  [' Container app-web-1  Started', 'STDOUT', { item: 'web', status: 'Started' }],
  [' Container app-web-1  Error', 'STDERR', { item: 'web', status: 'Error' }],
  [' Network app_default  Created', 'STDOUT', undefined],
  ['Creating app_web_1 ... done', 'STDOUT', { item: 'web', status: 'Creating: done' }],
  ['Creating app_web_1 ... error', 'STDERR', { item: 'web', status: 'Creating: error' }],
  ['Error response from daemon: no such network', 'STDERR', undefined],
])('of what Compose says on one stream only complaints are marked: %j', (line, stream, progress) => {
  const told: unknown[] = [];
  const tell = tellProgress('app', {
    line: (...said) => void told.push(said),
    progress: (one) => void told.push(one),
  });
  tell(line, 'STDERR');
  expect(told).toEqual([[line, stream], ...(progress ? [progress] : [])]);
});
