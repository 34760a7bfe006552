import { existsSync } from 'node:fs';
import { chmod, chown, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Server } from '@serverkit/prisma/generated/client/client.ts';
import type { AgentService } from '../agents/service.ts';
import type { Audit } from '../audit/service.ts';
import { agentDist, agentEntry } from '../install/service.ts';
import type { Topics } from '../live/topics.ts';
import type { Platform } from '../platform.ts';
import { serverChanges } from '../servers/events.ts';
import { agentAccount, groupOfDocker, type AgentAccount } from './account.ts';
import { spawnAgent, viewOf, type AgentPlaces } from './agent-process.ts';
import { isRegistered } from './identity-file.ts';
import { endLeftover, forget, remember } from './leftover.ts';
import { messageTo } from './message.ts';
import { forwardOutput } from './output.ts';
import { ensureLocalServer } from './server-row.ts';
import { stackPlaces } from './stack-places.ts';
import { supervise, type Run, type Supervisor } from './supervisor.ts';

/** How often (ms) to look whether Docker came, went or changed its group while we have root's power to follow. */
const dockerCheck = 10_000;

/** How long (ms) the agent may take to end when told to: a drain gives all rooms 3 s together. */
const stopPatience = 2_000;

/** The agent of the machine we run on, as a process of its own. */
export interface LocalAgent {
  start(): Promise<void>;
  /** Resolves when it has ended. */
  stop(): Promise<void>;
}

interface Needs {
  readonly agents: Pick<AgentService, 'registrations'>;
  readonly audit: Audit;
  readonly topics: Topics;
}

export function createLocalAgent(
  { db, env, frontDoor, log }: Pick<Platform, 'db' | 'env' | 'frontDoor' | 'log'>,
  { agents, audit, topics }: Needs,
  dist = agentDist,
): LocalAgent {
  const places: AgentPlaces = { directory: join(env.dataDir, 'agent'), dist, node: process.execPath };
  const processFile = join(env.dataDir, 'agent.json');
  const agentLog = log.child({ part: 'local agent' });
  let supervisor: Supervisor | undefined;
  let watch: NodeJS.Timeout | undefined;
  let account: AgentAccount | undefined;

  async function launch(): Promise<Run> {
    account = agentAccount(places.directory);
    await prepareDirectory(places.directory, account);
    await openSocket(frontDoor.localSocket, account);
    const { dataDir, stacksDir } = env;
    const stacks = await stackPlaces({ dataDir, stacksDir, directory: places.directory, account });
    const server = await ensureLocalServer({ db, audit, topics });
    const tell = (row: Server, token?: string): string =>
      messageTo({
        server: row,
        token,
        socket: frontDoor.localSocket,
        stateDir: viewOf(places, account).directory,
        deniedPaths: [dataDir],
        stacks,
        logLevel: env.logLevel,
      });
    const token = isRegistered(places.directory, server.agentId) ? undefined : await invite(server);

    const { child, line } = spawnAgent(places, account);
    line.write(tell(server, token));
    forwardOutput([child.stdout, child.stderr], agentLog);
    if (child.pid !== undefined) remember(processFile, child.pid);
    const over = new AbortController();
    void followScopes(server, over.signal, (row) => line.write(tell(row)));

    const { promise: ended, resolve } = Promise.withResolvers<Awaited<Run['ended']>>();
    child.once('error', (error) => {
      agentLog.error({ err: error }, 'the process could not be started');
      resolve({ status: null, signal: null });
    });
    child.once('exit', (status, signal) => {
      forget(processFile);
      resolve({ status, signal });
    });
    void ended.then(() => over.abort());
    return {
      ended,
      async stop() {
        child.kill('SIGTERM');
        const insist = setTimeout(() => child.kill('SIGKILL'), stopPatience);
        await ended;
        clearTimeout(insist);
      },
    };
  }

  async function invite(server: Server): Promise<string> {
    const { token } = await db.prisma.$transaction((tx) => agents.registrations.create(tx, server.id, null));
    return token;
  }

  /** The ceiling was raised or lowered: the agent's own follows. */
  async function followScopes(
    started: Server,
    signal: AbortSignal,
    changed: (server: Server) => void,
  ): Promise<void> {
    let known = started.scopes.join(' ');
    // Any change: one that was missed while the database was away is made up for by the next.
    for await (const _change of topics.subscribe(serverChanges, { channels: [started.id], signal })) {
      const server = await readServer(started.id);
      if (!server || signal.aborted || server.scopes.join(' ') === known) continue;
      known = server.scopes.join(' ');
      changed(server);
    }
  }

  /** @returns undefined also when the database does not answer, which must not end the process */
  async function readServer(id: string): Promise<Server | undefined> {
    try {
      return (await db.prisma.server.findUnique({ where: { id } })) ?? undefined;
    } catch (error) {
      agentLog.warn({ err: error }, 'what this machine may do could not be read');
      return undefined;
    }
  }

  return {
    async start() {
      if (!existsSync(join(dist, agentEntry))) {
        log.error('the agent was not built, so this machine is not shown; start ServerKit with npm start');
        return;
      }
      if (await endLeftover(processFile)) log.warn('ended the agent that an earlier ServerKit left behind');
      supervisor = supervise(launch, agentLog);
      watch = setInterval(() => {
        // Only root chooses the agent's group.
        if (account && (groupOfDocker() ?? account.uid) !== account.gid) supervisor?.renew();
      }, dockerCheck);
      watch.unref();
    },
    async stop() {
      clearInterval(watch);
      await supervisor?.stop();
    },
  };
}

async function prepareDirectory(directory: string, account: AgentAccount | undefined): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await chmod(directory, 0o700);
  if (account) await chown(directory, account.uid, account.gid);
}

/** The socket is made for us alone; the agent's account may connect as well. */
async function openSocket(socket: string, account: AgentAccount | undefined): Promise<void> {
  if (account) await chown(socket, account.uid, 0);
}
