import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { container, docker as cli } from '../../../testing/docker.ts';
import { eventually } from '../../../testing/events.ts';
import { describeWith } from '../../../testing/parts.ts';
import { tempDir } from '../../../testing/tmp.ts';
import { connected } from '../docker/testing.ts';
import { silentLog } from '../log.ts';
import { openLeftovers } from './leftovers.ts';
import type { SessionTimes } from './session.ts';
import { createTerminals } from './terminals.ts';
import { anybody, watch } from './testing.ts';

const size = { columns: 80, rows: 24 };
const idle = ['sleep', '1000'];

/** An agent's terminals, as it opens them. */
async function room(times: Partial<SessionTimes> = {}) {
  const docker = await connected();
  const dir = await tempDir('sk-terminals-');
  const file = dir.file('terminals.json');
  const leftovers = openLeftovers({ file, engine: docker.engine, log: silentLog, againMs: 50 });
  const terminals = createTerminals({
    docker,
    leftovers,
    times: { unseenMs: 60_000, idleMs: 60_000, warnMs: 1000, ...times },
    host: { account: null, socket: null, program: '' },
  });
  return {
    docker,
    file,
    terminals,
    async open(containerId: string, user: string | null = null): Promise<string> {
      const id = randomUUID();
      await terminals.openInContainer(
        { id, container: containerId, user, ...size },
        anybody,
        new AbortController().signal,
      );
      return id;
    },
    write: (id: string, text: string) => terminals.write({ place: 'container', id, caller: anybody }, text),
    async [Symbol.asyncDispose]() {
      await terminals.stop();
      leftovers.close();
      docker.close();
      await dir[Symbol.asyncDispose]();
    },
  };
}

/** What runs in a container, by the docker command; numbers and headings left out. */
async function processes(id: string): Promise<string[]> {
  const lines = (await cli('top', id, '-eo', 'pid,args')).trim().split('\n').slice(1);
  return lines.map((line) => line.replace(/^\s*\d+\s+/, '')).filter((line) => line !== idle.join(' '));
}

describeWith('docker', 'a terminal in a container', () => {
  test('runs a shell with a terminal of the size that was asked for', async () => {
    await using rooms = await room();
    await using box = await container({ command: idle });
    const id = await rooms.open(box.id);
    await using watcher = watch(rooms.terminals, id);
    rooms.write(id, 'stty size; tty; echo $TERM\r');
    await watcher.see(/24 80\r\n\/dev\/(pts\/\d+|console)\r\nxterm-256color/);
    expect(rooms.terminals.list('container')).toMatchObject([
      { id, containerId: box.id, actor: 'usr_test', columns: 80, rows: 24, viewers: 1, privileged: false },
    ]);
    expect(rooms.terminals.list('host')).toEqual([]);
  });

  test('outlives its viewers, who find it as it is when they come back', async () => {
    await using rooms = await room();
    await using box = await container({ command: idle });
    const id = await rooms.open(box.id);
    const first = watch(rooms.terminals, id);
    rooms.write(id, 'kept=yes; printf "\\033[2J\\033[5;10Hhere"; sleep 0.1; echo; echo done-$kept\r');
    await first.see(/done-yes/);
    await first.leave();
    await using second = watch(rooms.terminals, id);
    await second.see(/here[^]*done-yes/);
    rooms.write(id, 'echo again-$kept\r');
    await second.see(/again-yes/);
    expect(second.screens).toBe(1);
  });

  test('is seen alike by several, who are told of its size', async () => {
    await using rooms = await room();
    await using box = await container({ command: idle });
    const id = await rooms.open(box.id);
    await using one = watch(rooms.terminals, id);
    await using other = watch(rooms.terminals, id);
    await rooms.terminals.resize({ place: 'container', id, caller: anybody }, { columns: 101, rows: 33 });
    rooms.write(id, 'stty size\r');
    await Promise.all([one.see(/33 101/), other.see(/33 101/)]);
    expect([one.size, other.size]).toMatchObject([
      { columns: 101, rows: 33 },
      { columns: 101, rows: 33 },
    ]);
  });

  test('tells a program where the cursor is, once, however many look at it', async () => {
    await using rooms = await room();
    await using box = await container({ command: idle });
    const id = await rooms.open(box.id);
    await using one = watch(rooms.terminals, id);
    await using _other = watch(rooms.terminals, id);
    // Answers come in the order of the questions: what comes up to the second one, and shortly after it, are all.
    const program = [
      'stty -echo -icanon min 1 time 0',
      'one() { all=$all$(dd bs=1 count=1 2>/dev/null); }',
      'ask() { printf "\\033[$1H\\033[6n"; until [ "${all%"[$1R"}" != "$all" ]; do one; done; }',
      'ask "7;3"; ask "9;5"',
      'stty min 0 time 3; all=$all$(cat)',
      'stty sane; printf "\\nanswered %s e""nd\\n" "$(printf %s "$all" | tr -d "\\033")"',
    ];
    rooms.write(id, `${program.join('; ')}\r`);
    const [, answers] = /answered (\S*) end/.exec(await one.see(/ end/)) ?? [];
    // The shell asks as well, before.
    expect(answers).toMatch(/^(\[\d+;\d+R)?\[7;3R\[9;5R$/);
  });

  test('closed, it leaves no process, whatever was started in it', async () => {
    await using rooms = await room();
    await using box = await container({ command: idle });
    const id = await rooms.open(box.id);
    await using watcher = watch(rooms.terminals, id);
    rooms.write(id, "(trap '' HUP; exec sleep 2000) & setsid sleep 2001 & echo; echo started\r");
    await watcher.see(/\nstarted/);
    await eventually(async () => expect(await processes(box.id)).toHaveLength(3), 'three processes');
    await rooms.terminals.close({ place: 'container', id, caller: anybody });
    expect(await processes(box.id)).toEqual([]);
    expect(await watcher.ended).toMatchObject({ reason: 'CLOSED' });
    expect(rooms.terminals.list('container')).toEqual([]);
  });

  test('ends with its shell, whose exit code is told', async () => {
    await using rooms = await room();
    await using box = await container({ command: idle });
    const id = await rooms.open(box.id);
    await using watcher = watch(rooms.terminals, id);
    rooms.write(id, 'exit 7\r');
    expect(await watcher.ended).toMatchObject({ reason: 'EXITED', exitCode: 7 });
    expect(() => rooms.write(id, 'x')).toThrow(expect.objectContaining({ code: 'NOT_FOUND' }));
  });

  test('ends with its container', async () => {
    await using rooms = await room();
    await using box = await container({ command: idle });
    const id = await rooms.open(box.id);
    await using watcher = watch(rooms.terminals, id);
    await watcher.see(/[#$] /);
    await cli('kill', box.id);
    expect(await watcher.ended).toMatchObject({ reason: 'EXITED' });
  });

  test('warns whoever looks before it ends of idleness, and takes that back when somebody types', async () => {
    await using rooms = await room({ idleMs: 400, warnMs: 300 });
    await using box = await container({ command: idle });
    const id = await rooms.open(box.id);
    await using watcher = watch(rooms.terminals, id);
    await watcher.idle(300);
    rooms.write(id, '\r');
    await watcher.idle(null);
    await watcher.idle(300);
    expect(await watcher.ended).toMatchObject({ reason: 'IDLE' });
  });

  test.each([
    ['ABANDONED', { unseenMs: 100 }],
    ['IDLE', { idleMs: 100 }],
  ] as const)('is %s after its time, and leaves no process', async (_reason, times) => {
    await using rooms = await room(times);
    await using box = await container({ command: idle });
    await rooms.open(box.id);
    await eventually(() => expect(rooms.terminals.list('container')).toEqual([]), 'its end');
    expect(await processes(box.id)).toEqual([]);
  });

  test('what an agent that was killed left running, the next one ends', async () => {
    await using box = await container({ command: idle });
    await using rooms = await room();
    await rooms.open(box.id);
    expect(await processes(box.id)).toHaveLength(1);
    const next = openLeftovers({ file: rooms.file, engine: rooms.docker.engine, log: silentLog });
    await eventually(async () => expect(await processes(box.id)).toEqual([]), 'the shell to be gone');
    next.close();
  });

  test('of a paused container is ended once it goes on', async () => {
    await using rooms = await room();
    await using box = await container({ command: idle });
    const id = await rooms.open(box.id);
    await cli('pause', box.id);
    await rooms.terminals.close({ place: 'container', id, caller: anybody });
    await cli('unpause', box.id);
    await eventually(async () => expect(await processes(box.id)).toEqual([]), 'the shell to be gone');
  });

  test('runs as who was asked for', async () => {
    await using rooms = await room();
    await using box = await container({ command: idle });
    const id = await rooms.open(box.id, '1234:5678');
    await using watcher = watch(rooms.terminals, id);
    rooms.write(id, 'id -u; id -g\r');
    await watcher.see(/1234\r\n5678/);
    await rooms.terminals.close({ place: 'container', id, caller: anybody });
    expect(await processes(box.id)).toEqual([]);
  });

  test('is refused where there is no shell, no container, or it does not run', async () => {
    await using rooms = await room();
    await using box = await container({ command: idle });
    await cli('exec', box.id, 'rm', '/bin/sh');
    await expect(rooms.open(box.id)).rejects.toMatchObject({
      code: 'CONFLICT',
      message: 'There is no shell in this container, neither bash nor sh.',
    });
    await expect(rooms.open('nowhere')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await using off = await container({ command: idle, start: false });
    await expect(rooms.open(off.id)).rejects.toMatchObject({ code: 'CONFLICT' });
    expect(rooms.terminals.list('container')).toEqual([]);
  });

  test('in a container that reaches beyond itself takes a scope of its own, for whatever is done', async () => {
    await using rooms = await room();
    await using box = await container({ command: idle, options: ['--pid', 'host'] });
    await expect(rooms.open(box.id)).rejects.toMatchObject({ code: 'PRIVILEGE_NEEDED' });
    const id = randomUUID();
    const privileged = { ...anybody, scopes: new Set([...anybody.scopes, 'docker:containers:privileged']) };
    await rooms.terminals.openInContainer(
      { id, container: box.id, user: null, ...size },
      privileged,
      new AbortController().signal,
    );
    const needed = expect.objectContaining({ code: 'PRIVILEGE_NEEDED' });
    const call = { place: 'container', id, caller: anybody } as const;
    expect(() => rooms.terminals.write(call, 'x')).toThrow(needed);
    expect(() => watch(rooms.terminals, id)).toThrow(needed);
    expect(() => rooms.terminals.close(call)).toThrow(needed);
    await expect(rooms.terminals.resize(call, size)).rejects.toMatchObject({ code: 'PRIVILEGE_NEEDED' });
    await rooms.terminals.close({ ...call, caller: privileged });
  });
});
