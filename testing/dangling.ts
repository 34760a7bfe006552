import { createHook } from 'node:async_hooks';
import { setImmediate as turn } from 'node:timers/promises';
import { afterAll } from 'vitest';

/**
 * Reports what a test file leaves open: servers, sockets, children, timers, watchers and workers that still keep the
 * process alive when its last hook has run, each with the line that opened it. Vitest's own `detectAsyncLeaks` also
 * counts every promise that never settles, which in code full of cancellable waits hides what matters.
 *
 * Type names are those of Node's async_hooks providers.
 */
const kinds: Readonly<Record<string, string>> = {
  FSEVENTWRAP: 'file watcher',
  PIPESERVERWRAP: 'server on a unix socket',
  PIPEWRAP: 'pipe or unix socket',
  PROCESSWRAP: 'child process',
  STATWATCHER: 'file watcher',
  TCPSERVERWRAP: 'server',
  TCPWRAP: 'socket',
  Timeout: 'timer',
  UDPWRAP: 'UDP socket',
  WORKER: 'worker thread',
};

interface Opened {
  readonly kind: string;
  readonly where: string;
  readonly resource: WeakRef<{ hasRef(): boolean }>;
}

const root = process.cwd();
const opened = new Map<number, Opened>();

/** The first line of ours that led to a resource, or undefined for the runner's own. */
function origin(): string | undefined {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 40;
  const frames = new Error().stack?.split('\n') ?? [];
  Error.stackTraceLimit = stackTraceLimit;
  const ours = (frame: string): boolean =>
    frame.includes(root) && !frame.includes('/node_modules/') && !frame.includes('/testing/dangling.ts');
  return frames.find(ours)?.trim();
}

const canHoldOpen = (resource: object): resource is { hasRef(): boolean } =>
  'hasRef' in resource && typeof resource.hasRef === 'function';

const hook = createHook({
  init(id, type, _trigger, resource: object) {
    const kind = kinds[type];
    if (kind === undefined || !canHoldOpen(resource)) return;
    const where = origin();
    if (where !== undefined) opened.set(id, { kind, where, resource: new WeakRef(resource) });
  },
  destroy(id) {
    opened.delete(id);
  },
}).enable();

// Registered before any hook of the file, so it runs after all of them.
afterAll(async () => {
  // Handles close a few turns of the event loop after whoever closed them was told so.
  for (let turns = 0; turns < 10; turns++) await turn();
  hook.disable();
  const left = [...opened.values()].filter(({ resource }) => resource.deref()?.hasRef() === true);
  if (left.length > 0) {
    console.error(
      `DANGLING: ${left.map(({ kind, where }) => `${kind} opened ${where}`).join('\n          ')}`,
    );
  }
  opened.clear();
});
