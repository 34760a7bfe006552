import { SerializeAddon } from '@xterm/addon-serialize';
import headless, { type Terminal } from '@xterm/headless';

export interface Emulator {
  readonly terminal: Terminal;
  readonly serializer: SerializeAddon;
}

/** A terminal of xterm.js that draws nothing. The same as in the dashboard, so both understand the same. */
export function emulator(options: {
  readonly cols: number;
  readonly rows: number;
  readonly scrollback: number;
}): Emulator {
  const terminal = new headless.Terminal({ ...options, allowProposedApi: true, logLevel: 'off' });
  const serializer = new SerializeAddon();
  terminal.loadAddon(serializer);
  return { terminal, serializer };
}
