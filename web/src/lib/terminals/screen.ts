import { FitAddon } from '@xterm/addon-fit';
import { Terminal, type ITheme } from '@xterm/xterm';
import '@xterm/xterm/css/xterm.css';
import { styleSpansByScript, withOwnStyles } from '../own-styles.ts';

/** Imported when a terminal is looked at: it is as large as the rest of the dashboard. */
export interface Screen {
  readonly columns: number;
  readonly rows: number;
  /** Shows this instead of all before. */
  reset(columns: number, rows: number): void;
  write(text: string, shown: () => void): void;
  resize(columns: number, rows: number): void;
  /** The size that fills the box; undefined while it is not on show. */
  fitting(): { readonly columns: number; readonly rows: number } | undefined;
  restyle(): void;
  focus(): void;
  selection(): string;
  paste(text: string): void;
  close(): void;
}

export interface ScreenOptions {
  readonly label: string;
  /** Without it nothing can be typed. */
  readonly onInput?: (text: string) => void;
}

export function openScreen(box: HTMLElement, { label, onInput }: ScreenOptions): Screen {
  const terminal = new Terminal({
    allowProposedApi: true,
    cursorBlink: false,
    fontFamily: 'ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace',
    fontSize: 13,
    scrollback: 5000,
    theme: themeOf(box),
    // Readable whatever colours a program asks for.
    minimumContrastRatio: 4.5,
  });
  const fit = new FitAddon();
  terminal.loadAddon(fit);
  styleSpansByScript();
  withOwnStyles(() => terminal.open(box));
  terminal.textarea?.setAttribute('aria-label', label);
  leaveAnswersToTheServer(terminal);
  if (onInput) {
    terminal.onData(onInput);
    terminal.onBinary(onInput);
  } else {
    terminal.options.disableStdin = true;
    // Nobody gets into it by the keyboard, who could not get out again.
    if (terminal.textarea) terminal.textarea.tabIndex = -1;
  }
  terminal.attachCustomKeyEventHandler((event) => {
    if (event.type !== 'keydown' || !event.ctrlKey || event.altKey || event.metaKey) return true;
    // With something chosen it is copied, as everywhere else on the page; without, the program gets it.
    if (event.key.toLowerCase() === 'c' && terminal.hasSelection()) {
      void navigator.clipboard?.writeText(terminal.getSelection());
      terminal.clearSelection();
      event.preventDefault();
      return false;
    }
    // The browser pastes by itself.
    return !(event.shiftKey && event.key.toLowerCase() === 'v');
  });

  return {
    get columns() {
      return terminal.cols;
    },
    get rows() {
      return terminal.rows;
    },
    reset(columns, rows) {
      terminal.reset();
      terminal.resize(columns, rows);
    },
    write: (text, shown) => terminal.write(text, shown),
    resize: (columns, rows) => terminal.resize(columns, rows),
    fitting() {
      const size = fit.proposeDimensions();
      if (!size || Number.isNaN(size.cols) || Number.isNaN(size.rows)) return undefined;
      return { columns: Math.min(500, Math.max(2, size.cols)), rows: Math.min(200, Math.max(1, size.rows)) };
    },
    restyle: () => (terminal.options.theme = themeOf(box)),
    focus: () => terminal.focus(),
    selection: () => terminal.getSelection(),
    paste: (text) => terminal.paste(text),
    close: () => terminal.dispose(),
  };
}

/** What programs ask a terminal is answered where it runs: once, however many look at it. */
function leaveAnswersToTheServer({ parser }: Terminal): void {
  const heard = () => true;
  for (const prefix of ['', '>', '='])
    parser.registerCsiHandler({ ...(prefix && { prefix }), final: 'c' }, heard);
  for (const prefix of ['', '?']) {
    parser.registerCsiHandler({ ...(prefix && { prefix }), final: 'n' }, heard);
    parser.registerCsiHandler({ ...(prefix && { prefix }), intermediates: '$', final: 'p' }, heard);
  }
  parser.registerDcsHandler({ intermediates: '$', final: 'q' }, heard);
  for (const code of [4, 10, 11, 12]) parser.registerOscHandler(code, (data) => data.includes('?'));
}

function themeOf(box: HTMLElement): ITheme {
  const style = getComputedStyle(box);
  const colour = (name: string) => style.getPropertyValue(`--${name}`).trim();
  const [red, green, yellow, blue, magenta, cyan] = [
    colour('critical'),
    colour('good'),
    colour('warning'),
    colour('accent'),
    colour('unknown'),
    colour('chart-3'),
  ];
  return {
    background: colour('sunken'),
    foreground: colour('text'),
    cursor: colour('accent'),
    cursorAccent: colour('on-accent'),
    selectionBackground: colour('accent'),
    selectionForeground: colour('on-accent'),
    black: colour('text'),
    brightBlack: colour('faint'),
    white: colour('muted'),
    brightWhite: colour('text'),
    red,
    brightRed: red,
    green,
    brightGreen: green,
    yellow,
    brightYellow: yellow,
    blue,
    brightBlue: blue,
    magenta,
    brightMagenta: magenta,
    cyan,
    brightCyan: cyan,
  };
}
