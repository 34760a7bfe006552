import { limitNames, listNames, textNames } from './draft.ts';

const rows: Readonly<Record<string, readonly string[]>> = {
  environment: ['name', 'value'],
  labels: ['key', 'value'],
  mounts: ['source', 'target', 'sizeBytes'],
  networks: ['name', 'aliases', 'ipv4Address', 'ipv6Address'],
  ports: ['hostAddress', 'hostPort', 'containerPort'],
};
const groups: Readonly<Record<string, readonly string[]>> = {
  healthcheck: ['test', 'intervalMs', 'timeoutMs', 'startPeriodMs', 'retries'],
  limits: limitNames,
  restartPolicy: ['maximumRetries'],
};
const single: ReadonlySet<string> = new Set([
  'image',
  'name',
  'command',
  'entrypoint',
  ...textNames,
  ...listNames,
]);

/** Whether a field of the form tells what is wrong at this path; what none does is told below the form. */
export function isShown(path: string): boolean {
  const [name = '', second = '', third = ''] = path.split('.');
  if (single.has(name)) return true;
  if (groups[name]) return groups[name].includes(second);
  return rows[name]?.includes(third) ?? false;
}
