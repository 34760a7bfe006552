import type { Size } from './terminal.ts';

/** Lines above the screen that a viewer who comes later still finds. Fewer when they are long: memory is cells. */
const maxLines = 500;
const maxCells = 120_000;
/** Longest text that rebuilds a screen; lines above it are left out until it fits. Characters. */
const maxSnapshot = 256 * 1024;
/** Longest run of characters without a width: each is kept in the cell before it, however many there are. */
const endlessMarks = /(\p{M}{8})\p{M}+/gu;
/** DECSET 1049: the screen of programs that fill it. */
const secondScreen = '\u001b[?1049h';
const notAscii = /[^\0-\u007f]/;

/**
 * What a terminal shows, kept so that somebody who comes later, or again, sees what the others see. A copy of the last bytes
 * would not do: a program that fills the screen draws only what changes, and would be asked again what it was asked then.
 *
 * It also answers what programs ask a terminal (where the cursor is, what it can do): once, however many look at it.
 */
export interface Screen {
  /**
   * @param text - not much, as nothing else happens meanwhile
   * @param shown - called at the very moment it is shown, before anybody can read the screen
   */
  write(text: string, shown: () => void): Promise<void>;
  resize(size: Size): void;
  /** Text that makes an empty terminal of the same size show the same. */
  snapshot(): string;
}

/** Text as it can be shown without growing without end. */
export function bounded(text: string): string {
  return notAscii.test(text) ? text.replace(endlessMarks, '$1') : text;
}

/** @param answer - takes what the terminal itself says to the program */
export async function openScreen({ columns, rows }: Size, answer: (text: string) => void): Promise<Screen> {
  // 2 MB of memory that an agent without terminals does not spend.
  const { emulator } = await import('./emulator.ts');
  const { terminal, serializer } = emulator({
    cols: columns,
    rows,
    scrollback: Math.min(maxLines, Math.floor(maxCells / columns)),
  });
  terminal.onData(answer);
  return {
    write: (text, shown) =>
      new Promise((resolve) => {
        terminal.write(text, () => {
          shown();
          resolve();
        });
      }),
    resize: (size) => terminal.resize(size.columns, size.rows),
    snapshot() {
      for (let lines = maxLines; ; lines = Math.floor(lines / 4)) {
        // It writes the second screen as if nothing were chosen, and leaves chosen what was so on the first.
        const text = serializer
          .serialize({ scrollback: lines })
          .replace(secondScreen, `\u001b[0m${secondScreen}`);
        if (text.length <= maxSnapshot || lines === 0) return text.slice(0, 4 * maxSnapshot);
      }
    },
  };
}
