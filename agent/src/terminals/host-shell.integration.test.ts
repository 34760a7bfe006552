import { randomUUID } from 'node:crypto';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { readdirSync, readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { fileURLToPath } from 'node:url';
import { expect, test, vi } from 'vitest';
import { eventually } from '../../../testing/events.ts';
import { tempDir } from '../../../testing/tmp.ts';
import { createNoDocker } from '../docker/docker.ts';
import { silentLog } from '../log.ts';
import type { HostShellConfig } from './host-shell.ts';
import { openLeftovers } from './leftovers.ts';
import { terminalVariable } from './terminal.ts';
import { createTerminals } from './terminals.ts';
import { anybody, watch as watchAny, type Watcher } from './testing.ts';

const size = { columns: 80, rows: 24 };
const { username } = userInfo();
const program = fileURLToPath(new URL('host/program.ts', import.meta.url));
const forever = new AbortController().signal;

/**
 * The shells of this machine, as an agent opens them for the account that runs the tests. What that account has its shells
 * begin with may take long and must not be killed in the middle, so a test sees its shell answer before it ends.
 */
async function room(host: Partial<HostShellConfig> = {}) {
  const docker = createNoDocker();
  const dir = await tempDir('sk-shells-');
  const leftovers = openLeftovers({
    file: dir.file('terminals.json'),
    engine: docker.engine,
    log: silentLog,
  });
  const terminals = createTerminals({
    docker,
    leftovers,
    times: { unseenMs: 60_000, idleMs: 60_000, warnMs: 1000 },
    host: {
      account: username,
      socket: null,
      program,
      ...host,
    },
  });
  return {
    terminals,
    async open(caller = anybody): Promise<string> {
      const id = randomUUID();
      await terminals.openOnHost({ id, ...size }, caller, forever);
      return id;
    },
    watch: (id: string): Watcher => watchAny(terminals, id, { place: 'host' }),
    write: (id: string, text: string, caller = anybody) =>
      terminals.write({ place: 'host', id, caller }, text),
    resize: (id: string, columns: number, rows: number, caller = anybody) =>
      terminals.resize({ place: 'host', id, caller }, { columns, rows }),
    close: (id: string) => terminals.close({ place: 'host', id, caller: anybody }),
    async [Symbol.asyncDispose]() {
      await terminals.stop();
      leftovers.close();
      await dir[Symbol.asyncDispose]();
    },
  };
}

/** Numbers of all that carries the mark of a terminal. */
function marked(id: string): number[] {
  return readdirSync('/proc').flatMap((name) => {
    try {
      return readFileSync(`/proc/${Number(name)}/environ`, 'latin1').includes(`${terminalVariable}=${id}`)
        ? [Number(name)]
        : [];
    } catch {
      return [];
    }
  });
}

test('is a login shell of the account, at home, with the size that was asked for', async () => {
  await using rooms = await room();
  const id = await rooms.open();
  await using watcher = rooms.watch(id);
  rooms.write(id, 'echo "as:$(id -un):$PWD:$TERM:"; stty size; tty\r');
  const { homedir } = userInfo();
  await watcher.see(new RegExp(`as:${username}:${homedir}:xterm-256color:\r\n24 80\r\n/dev/pts/\\d+`));
  expect(rooms.terminals.list('host')).toMatchObject([{ id, containerId: null, actor: 'usr_test', ...size }]);
  expect(rooms.terminals.list('container')).toEqual([]);
});

test('knows nothing of the agent: neither its environment nor what it has open', async () => {
  vi.stubEnv('SERVERKIT_SECRET', 'not-for-shells');
  await using rooms = await room();
  const id = await rooms.open();
  await using watcher = rooms.watch(id);
  rooms.write(id, 'env; ls -l /proc/$$/fd; echo end-$((1+1))\r');
  const seen = await watcher.see(/end-2/);
  expect(seen).not.toContain('not-for-shells');
  expect(seen).not.toMatch(/^(NODE_|VITEST)/m);
  expect(seen).toMatch(/ 0 -> \/dev\/pts\/\d+/);
  expect(seen).not.toMatch(/-> (socket|anon_inode)/);
});

test('follows its size', async () => {
  await using rooms = await room();
  const id = await rooms.open();
  await using watcher = rooms.watch(id);
  await rooms.resize(id, 132, 43);
  rooms.write(id, 'stty size\r');
  await watcher.see(/43 132/);
});

test('stays as large as who opened it has it, while they look', async () => {
  await using rooms = await room();
  const id = await rooms.open();
  const guest = { ...anybody, actor: 'usr_guest' };
  const opener = rooms.watch(id);
  await opener.see(/[#$%] /);
  expect(await rooms.resize(id, 40, 10, guest)).toMatchObject(size);
  await opener.leave();
  expect(await rooms.resize(id, 40, 10, guest)).toMatchObject({ columns: 40, rows: 10 });
});

test('is found again with its screen by whoever comes back', async () => {
  await using rooms = await room();
  const id = await rooms.open();
  const first = rooms.watch(id);
  rooms.write(id, 'kept=$((40+2)); echo first-$kept\r');
  await first.see(/first-42/);
  await first.leave();
  await using second = rooms.watch(id);
  await second.see(/first-42/);
  rooms.write(id, 'echo again-$kept\r');
  await second.see(/again-42/);
});

test('takes control characters as a terminal does', async () => {
  await using rooms = await room();
  const id = await rooms.open();
  await using watcher = rooms.watch(id);
  rooms.write(id, 'sleep 1000; echo interrupted-$?\r');
  await eventually(() => marked(id).some((pid) => nameOf(pid) === 'sleep'), 'sleep to run');
  rooms.write(id, '\u0003');
  rooms.write(id, 'echo on-$((1+1))\r');
  // Typed while a command runs, an end of input would be the command's.
  await watcher.see(/on-2\r\n[^]*[#$%] /);
  rooms.write(id, '\u0004');
  expect(await watcher.ended).toMatchObject({ reason: 'EXITED' });
});

test('closed, it leaves no process, whatever was started in it', async () => {
  await using rooms = await room();
  const id = await rooms.open();
  await using watcher = rooms.watch(id);
  rooms.write(
    id,
    "(trap '' HUP; sleep 2000) & setsid sleep 2001 & nohup sleep 2002 >/dev/null 2>&1 & echo up-$((1+1))\r",
  );
  await watcher.see(/up-2/);
  await eventually(() => marked(id).filter((pid) => nameOf(pid) === 'sleep').length === 3, 'three programs');
  await rooms.close(id);
  expect(marked(id)).toEqual([]);
  expect(await watcher.ended).toMatchObject({ reason: 'CLOSED' });
  expect(rooms.terminals.list('host')).toEqual([]);
});

test('ends with its shell, whose exit code is told', async () => {
  await using rooms = await room();
  const id = await rooms.open();
  await using watcher = rooms.watch(id);
  rooms.write(id, 'exit 7\r');
  expect(await watcher.ended).toMatchObject({ reason: 'EXITED', exitCode: 7 });
  expect(() => rooms.write(id, 'x')).toThrow(expect.objectContaining({ code: 'NOT_FOUND' }));
});

test('is LOST when the process that holds it is killed', async () => {
  await using rooms = await room();
  const id = await rooms.open();
  await using watcher = rooms.watch(id);
  await watcher.see(/[#$%] /);
  const [shell] = marked(id);
  process.kill(parentOf(shell ?? 0), 'SIGKILL');
  expect(await watcher.ended).toMatchObject({ reason: 'LOST' });
});

test('that writes without end is held back by whoever looks: two megabytes are under way at most, of a gigabyte', async () => {
  await using rooms = await room();
  const id = await rooms.open();
  const stalled = Promise.withResolvers<void>();
  const goOn = Promise.withResolvers<void>();
  let taken = 0;
  const credits = {
    take: (bytes: number) => {
      taken += bytes;
      if (taken < 100_000) return Promise.resolve();
      stalled.resolve();
      return goOn.promise;
    },
    available: () => 0,
  };
  await using watcher = watchAny(rooms.terminals, id, { place: 'host', credits });
  rooms.write(id, 'yes | head -c 1000000000 | cat\r');
  await stalled.promise;
  // Until its writer waits as well.
  const written = () =>
    marked(id).reduce((most, pid) => Math.max(most, nameOf(pid) === 'yes' ? writtenBy(pid) : 0), 0);
  let before = -1;
  await eventually(
    () => {
      const now = written();
      const still = now > 0 && now === before;
      before = now;
      return still;
    },
    'the writer to wait',
    { every: 300 },
  );
  expect(before).toBeLessThan(2 * 1024 * 1024);
  goOn.resolve();
  rooms.write(id, '\u0003');
  rooms.write(id, 'echo over-$((1+1))\r');
  await watcher.see(/over-2/);
});

test('at a socket it is held by whoever waits there, and ends with the connection', async () => {
  await using dir = await tempDir('sk-door-');
  const socket = dir.file('shell.sock');
  // As systemd does: a process for each connection, which is its standard input.
  const { exited, close } = await door(socket);
  await using rooms = await room({ socket });
  const id = await rooms.open();
  await using watcher = rooms.watch(id);
  rooms.write(id, 'setsid sleep 2003 & stty size\r');
  await watcher.see(/24 80/);
  await rooms.close(id);
  expect(await exited).toBe(0);
  expect(marked(id)).toEqual([]);
  close();
});

test('at a socket for another account there is none', async () => {
  await using dir = await tempDir('sk-door-');
  const socket = dir.file('shell.sock');
  const { close } = await door(socket);
  await using rooms = await room({ socket, account: 'somebody' });
  await expect(rooms.open()).rejects.toMatchObject({
    code: 'CONFLICT',
    message: expect.stringContaining(
      `a shell of somebody was asked for, and this would be one of ${username}`,
    ),
  });
  close();
});

test('where nobody waits at the socket, that is said', async () => {
  await using rooms = await room({ socket: '/nowhere/shell.sock' });
  await expect(rooms.open()).rejects.toMatchObject({
    code: 'CONFLICT',
    message: expect.stringContaining('/nowhere/shell.sock'),
  });
});

test('there is none while no account is chosen, and it is said where to choose one', async () => {
  await using rooms = await room({ account: null });
  await expect(rooms.open()).rejects.toMatchObject({
    code: 'POLICY_DENIED',
    message: expect.stringContaining('set shell.account'),
  });
  expect(rooms.terminals.list('host')).toEqual([]);
});

test('an account that nobody can log in as has none', async () => {
  await using rooms = await room({ account: 'nobody' });
  await expect(rooms.open()).rejects.toMatchObject({ code: 'CONFLICT' });
});

test('an account that is not there is refused in words', async () => {
  await using rooms = await room({ account: 'nowhere-at-all' });
  await expect(rooms.open()).rejects.toMatchObject({
    code: 'CONFLICT',
    message: expect.stringMatching(/could not be started|cannot become/),
  });
});

/** Waits at a socket as the units in docs/deploy.md make systemd wait. */
async function door(path: string) {
  const exited = Promise.withResolvers<number | null>();
  const server = createServer({ pauseOnConnect: true }, (connection) => {
    const child = spawn(process.execPath, [program], { stdio: [connection, 'ignore', 'ignore'], env: {} });
    connection.destroy();
    child.once('close', (code) => exited.resolve(code));
  });
  server.listen(path);
  await once(server, 'listening');
  return { exited: exited.promise, close: () => void server.close() };
}

function nameOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'latin1').trim();
  } catch {
    return '';
  }
}

/** Bytes, by the kernel. */
function writtenBy(pid: number): number {
  return Number(/^wchar: (\d+)$/m.exec(readFileSync(`/proc/${pid}/io`, 'latin1'))?.[1]);
}

function parentOf(pid: number): number {
  return Number(/^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]);
}
