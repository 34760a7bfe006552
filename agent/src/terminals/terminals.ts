import type { DockerService } from '../docker/service.ts';
import { allow, createGuard } from '../docker/privilege/guard.ts';
import { object } from '../docker/json.ts';
import { AgentError, throwIfAborted } from '../errors.ts';
import { source } from '../source.ts';
import { openContainerShell } from './container-shell.ts';
import type { Leftovers } from './leftovers.ts';
import type { HostShellConfig } from './host-shell.ts';
import { openScreen, type Screen } from './screen.ts';
import type { TerminalCall, Terminals } from './service.ts';
import { Session, type SessionTimes } from './session.ts';
import type { Shell, Size, Terminal, TerminalEnded } from './terminal.ts';

/** Answers of the screen that a program has not read yet. Bytes. */
const mostAnswers = 64 * 1024;

/** How many that have ended are remembered: more than can be open twice over. */
const mostEnded = 64;

/** Memory is about 2 MB each. */
const maxTerminals = 24;

export interface TerminalsOptions {
  readonly docker: Pick<DockerService, 'engine' | 'details'>;
  readonly leftovers: Leftovers;
  readonly times: SessionTimes;
  /** Shells of this host. */
  readonly host: HostShellConfig & {
    /** The program that holds one of them. */
    readonly program: string;
  };
}

export function createTerminals({ docker, leftovers, times, host }: TerminalsOptions): Terminals {
  const { engine } = docker;
  const guard = createGuard(engine);
  const sessions = new Map<string, Session>();
  /** Ids that are being opened. */
  const opening = new Set<string>();
  /** For whoever asks after them when the link is there again. */
  const ended: TerminalEnded[] = [];
  const listeners = new Set<(end: TerminalEnded) => void>();
  let stopped = false;

  function find({ place, id, caller }: TerminalCall): Session {
    const session = sessions.get(id);
    if (!session || session.place !== place) throw new AgentError('NOT_FOUND', 'This terminal has ended.');
    if (session.privileged && !caller.scopes.has('docker:containers:privileged')) {
      throw new AgentError(
        'PRIVILEGE_NEEDED',
        'This terminal is in a container that reaches beyond itself: it needs the scope docker:containers:privileged.',
      );
    }
    return session;
  }

  function over(end: TerminalEnded): void {
    sessions.delete(end.id);
    ended.push(end);
    if (ended.length > mostEnded) ended.shift();
    for (const tell of listeners) tell(end);
  }

  /** Holds a place for it while its shell is started. */
  async function open(id: string, begin: () => Promise<Session>): Promise<Terminal> {
    if (stopped) throw new AgentError('CONFLICT', 'The agent is being stopped.');
    if (sessions.has(id) || opening.has(id))
      throw new AgentError('CONFLICT', 'This terminal is open already.');
    if (sessions.size + opening.size >= maxTerminals) {
      throw new AgentError('CONFLICT', `At most ${maxTerminals} terminals can be open on one server.`);
    }
    opening.add(id);
    try {
      const session = await begin();
      sessions.set(id, session);
      return session.view();
    } finally {
      opening.delete(id);
    }
  }

  const screenOf = (shell: Shell, size: Size): Promise<Screen> =>
    openScreen(size, (text) => {
      // A program that asks without end and never reads the answers is not waited for.
      if (shell.queued() <= mostAnswers) shell.write(text);
    });

  return {
    openInContainer: ({ id, container, user, columns, rows }, caller, signal) =>
      open(id, async () => {
        const found = await docker.details(container);
        if (!found) throw new AgentError('NOT_FOUND', 'There is no such container.');
        const containerId = found.container.id;
        const verdict = await guard.container(object(await engine.get(`/containers/${containerId}/json`)));
        allow(verdict, caller, 'A terminal in this container');
        throwIfAborted(signal);
        const mark = { containerId, terminalId: id, user };
        const size = { columns, rows };
        // Known before it is there: what nobody ended, the next start of the agent ends.
        leftovers.add(mark);
        const shell = await openContainerShell(engine, mark, size).catch((error: unknown) => {
          leftovers.remove(mark);
          throw error;
        });
        return new Session({
          id,
          place: 'container',
          containerId,
          privileged: verdict.outside.length > 0,
          actor: caller.actor,
          size,
          shell,
          screen: await screenOf(shell, size),
          times,
          onEnd(end, clean) {
            over(end);
            if (clean) leftovers.remove(mark);
            else leftovers.sweep(mark);
          },
        });
      }),
    openOnHost: ({ id, columns, rows }, caller, signal) =>
      open(id, async () => {
        const size = { columns, rows };
        const { openHostShell } = await import('./host-shell.ts');
        throwIfAborted(signal);
        const shell = await openHostShell(host, host.program, { id, ...size });
        return new Session({
          id,
          place: 'host',
          containerId: null,
          privileged: false,
          actor: caller.actor,
          size,
          shell,
          screen: await screenOf(shell, size),
          times,
          onEnd: over,
        });
      }),
    list: (place) =>
      [...sessions.values()].filter((session) => session.place === place).map((session) => session.view()),
    follow(call, credits, outer) {
      const session = find(call);
      const viewer = call.recording ? session.record() : session.attach(call.caller.actor);
      return source(
        outer,
        async ({ push, signal }) => {
          try {
            for (;;) {
              const event = await viewer.next(signal);
              if ('text' in event) await credits.take(Buffer.byteLength(event.text));
              await push(event);
              if (event.kind === 'ENDED') return;
            }
          } catch (error) {
            // A viewer that left is told nothing.
            if (!signal.aborted) throw error;
          } finally {
            viewer.leave();
          }
        },
        1,
      );
    },
    news: (outer) =>
      source(outer, async ({ push, signal }) => {
        let waiting: TerminalEnded[] = [];
        let wake = (): void => undefined;
        const listen = (end: TerminalEnded): void => {
          waiting.push(end);
          wake();
        };
        const known = [...sessions.keys(), ...opening];
        listeners.add(listen);
        try {
          await push({ open: known, ended: [...ended] });
          while (!signal.aborted) {
            if (waiting.length === 0)
              await new Promise<void>((resolve) => {
                wake = resolve;
                signal.addEventListener('abort', () => resolve(), { once: true });
              });
            const told = waiting;
            waiting = [];
            if (told.length > 0) await push({ open: null, ended: told });
          }
        } finally {
          listeners.delete(listen);
        }
      }),
    write: (call, text) => find(call).write(text),
    async resize(call, size) {
      const session = find(call);
      await session.resize(size, call.caller.actor);
      return session.view();
    },
    close: (call) => find(call).end('CLOSED'),
    async stop() {
      stopped = true;
      await Promise.all([...sessions.values()].map((session) => session.end('STOPPED')));
    },
  };
}
