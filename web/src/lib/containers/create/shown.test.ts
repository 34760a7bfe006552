import { expect, test } from 'vitest';
import { isShown } from './shown.ts';

test('what a field tells is not told twice', () => {
  const paths = [
    'image',
    'command.3',
    'environment.2.value',
    'ports.0.hostPort',
    'networks.1.aliases.0',
    'limits.cpus',
    'healthcheck.test',
    'sysctls.0.key',
    'restartPolicy.maximumRetries',
  ];
  expect(paths.filter((path) => !isShown(path))).toEqual([]);
});

test('what no field tells is told for all of the form', () => {
  const paths = [
    'autoRemove',
    'environment',
    'ports',
    'mounts.0.readOnly',
    'healthcheck.disabled',
    'privileged',
  ];
  expect(paths.filter(isShown)).toEqual([]);
});
