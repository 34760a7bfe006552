import { expect } from 'vitest';
import type { CreditWindow } from '../context.ts';
import { unlimited } from '../docker/testing.ts';
import type { Caller, Terminals } from './service.ts';
import type { TerminalEnd, TerminalEvent, TerminalPlace } from './terminal.ts';

export const anybody: Caller & { deniesPath(path: string): boolean } = {
  actor: 'usr_test',
  scopes: new Set(['docker:containers:exec']),
  deniesPath: () => false,
};

/** Somebody who looks at a terminal, and what they have seen. Leaves with their block. */
export interface Watcher extends AsyncDisposable {
  /** Everything so far: the last screen and what came after it. */
  text(): string;
  readonly screens: number;
  readonly size: { readonly columns: number; readonly rows: number };
  /** Resolves with the text once it matches. */
  see(pattern: RegExp): Promise<string>;
  /** Resolves at the next word that it is about to end, or not after all: with so many ms left. */
  idle(endsInMs: number | null): Promise<void>;
  readonly ended: Promise<{ readonly reason: TerminalEnd; readonly exitCode: number | null }>;
  leave(): Promise<void>;
}

export function watch(
  terminals: Terminals,
  id: string,
  { place = 'container', credits = unlimited }: { place?: TerminalPlace; credits?: CreditWindow } = {},
): Watcher {
  const controller = new AbortController();
  const events = terminals.follow({ place, id, caller: anybody }, credits, controller.signal);
  let [text, screens] = ['', 0];
  let size = { columns: 0, rows: 0 };
  const idle: (number | null)[] = [];
  let look: (() => void)[] = [];
  const end = Promise.withResolvers<{ reason: TerminalEnd; exitCode: number | null }>();

  const take = (event: TerminalEvent): void => {
    if (event.kind === 'SCREEN') {
      text = '';
      screens += 1;
    }
    if (event.kind === 'SCREEN' || event.kind === 'RESIZED') size = event;
    if ('text' in event) text += event.text;
    if (event.kind === 'IDLE') idle.push(event.endsInMs);
    if (event.kind === 'ENDED') end.resolve(event);
    for (const wake of look.splice(0)) wake();
  };
  const reading = (async () => {
    for await (const event of events) take(event);
  })();

  return {
    text: () => text,
    get screens() {
      return screens;
    },
    get size() {
      return size;
    },
    async see(pattern) {
      while (!pattern.test(text)) await new Promise<void>((resolve) => look.push(resolve));
      return text;
    },
    async idle(endsInMs) {
      while (idle[0] === undefined) await new Promise<void>((resolve) => look.push(resolve));
      expect(idle.shift()).toBe(endsInMs);
    },
    ended: end.promise,
    async leave() {
      controller.abort();
      look = [];
      await reading;
    },
    async [Symbol.asyncDispose]() {
      await this.leave();
    },
  };
}
