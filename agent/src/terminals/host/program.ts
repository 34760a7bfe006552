/**
 * The process that holds one shell of this host: started by the agent, or by systemd at a socket, as the account that the
 * shell is of. It is a process of its own so that the agent stays without native code, and so that another account than the
 * agent's can run it. Given the number of the socket to the agent; without any, that is its standard input.
 */
import { existsSync } from 'node:fs';
import { Socket } from 'node:net';
import { userInfo } from 'node:os';
import { endAll } from './belonging.ts';
import { frame, FrameReader, frames, sizeIn, type FrameKind, type Opening } from './frames.ts';
import type { Pty } from './pty.ts';
import { environmentOf, loginShell } from './login.ts';

const socket = new Socket({ fd: Number(process.argv[2] ?? 0), readable: true, writable: true });
const reader = new FrameReader();
let shell: (Pty & { readonly terminalId: string }) | undefined;
let opening = false;
let ending = false;

/** Of the agent, which comes with this program. */
const parseOpening: (text: string) => Opening = JSON.parse;

const say = (kind: FrameKind, content: Buffer | string = ''): boolean =>
  !socket.destroyed && socket.write(frame(kind, content));

async function end(): Promise<void> {
  if (ending) return;
  ending = true;
  const clean = !shell || (await endAll(shell.pid, shell.terminalId));
  socket.end(() => process.exit(clean ? 0 : 1));
  // Whoever does not read any more is not waited for.
  setTimeout(() => process.exit(clean ? 0 : 1), 500).unref();
}

function fail(error: unknown): void {
  const [first = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
  say(frames.failed, first);
  void end();
}

async function open(content: Buffer): Promise<void> {
  const { terminalId, account, columns, rows } = parseOpening(content.toString('utf8'));
  const user = userInfo();
  if (user.username !== account) {
    throw new Error(`a shell of ${account} was asked for, and this would be one of ${user.username}`);
  }
  // There may be none for this processor, which is to be told in words.
  const { openPty } = await import('./pty.ts');
  const pty = openPty({
    file: loginShell(user),
    args: ['-l'],
    cwd: existsSync(user.homedir) ? user.homedir : '/',
    env: environmentOf(user, terminalId),
    columns,
    rows,
    onOutput(bytes) {
      // What is not taken is not read from the shell either, which holds it back.
      if (say(frames.output, bytes)) return;
      pty.pause();
      socket.once('drain', () => pty.resume());
    },
    onTaken: (bytes) => void say(frames.taken, String(bytes)),
    onExit(code) {
      say(frames.exited, String(code));
      void end();
    },
  });
  shell = { ...pty, terminalId };
  // Whoever asked may have left meanwhile.
  if (ending) await endAll(pty.pid, terminalId);
  else say(frames.started);
}

socket.on('data', (chunk: Buffer) => {
  try {
    for (const { kind, content } of reader.take(chunk)) {
      if (kind === frames.open && !opening) {
        opening = true;
        open(content).catch(fail);
      } else if (kind === frames.input) shell?.write(content);
      else if (kind === frames.resize) shell?.resize(sizeIn(content));
      else if (kind === frames.end) void end();
    }
  } catch (error) {
    fail(error);
  }
});
// The agent let go, or is gone: nobody is left to look at it.
for (const event of ['end', 'error', 'close']) socket.on(event, () => void end());
for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(name, () => void end());
