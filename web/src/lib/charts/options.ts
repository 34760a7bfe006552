import type uPlot from 'uplot';
import type { Formats } from '../format.ts';

export interface Line {
  readonly label: string;
  /** Number of the colour token, 1 to 3. */
  readonly color: 1 | 2 | 3;
}

export interface ChartLook {
  readonly lines: readonly Line[];
  readonly format: (value: number) => string;
  readonly top: number | undefined;
  readonly bytes: boolean;
  readonly sync: string;
  readonly width: number;
  readonly height: number;
  readonly range: () => [number, number];
  readonly onhover: (index: number | null) => void;
  readonly locale: Formats;
}

/** Steps of a byte axis: powers of two up to 512 of each unit, so that labels stay round. */
const byteSteps = ['', 'Ki', 'Mi', 'Gi', 'Ti'].flatMap((_, unit) =>
  [1, 2, 4, 8, 16, 32, 64, 128, 256, 512].map((step) => step * 1024 ** unit),
);
const plainSteps = [1, 2, 5, 10, 20, 25, 50, 100, 200, 500, 1000];

const font = '11px "Inter Variable", ui-sans-serif, system-ui, sans-serif';

/** Options for uPlot in the colours of the theme on show. */
export function chartOptions(look: ChartLook): uPlot.Options {
  const style = getComputedStyle(document.documentElement);
  const token = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  const grid = { stroke: token('chart-grid'), width: 1 };
  const axis = { stroke: token('faint'), font, grid, ticks: { show: false }, border: { show: false } };
  const parts = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const;
  const clock = new Intl.DateTimeFormat(document.documentElement.lang, parts);
  const exact = new Intl.DateTimeFormat(document.documentElement.lang, { ...parts, second: '2-digit' });
  const day = new Intl.DateTimeFormat(document.documentElement.lang, { day: 'numeric', month: 'short' });
  const midnight = (seconds: number): boolean => {
    const date = new Date(seconds * 1000);
    return date.getHours() === 0 && date.getMinutes() === 0;
  };
  return {
    width: look.width,
    height: look.height,
    // Room for half a label: a tick may stand at the very edge.
    padding: [8, 18, 0, 0],
    legend: { show: false },
    cursor: {
      sync: { key: look.sync },
      drag: { setScale: false, x: false, y: false },
      points: { size: 6, width: 0 },
      y: false,
    },
    scales: {
      x: { time: true, range: look.range },
      y: {
        range: (_, __, highest) => [0, look.top ?? niceTop(highest, look.bytes)],
      },
    },
    axes: [
      {
        ...axis,
        space: 56,
        size: 24,
        gap: 4,
        // Within one minute, the minute alone would stand at each of them.
        values: (_, splits, __, ___, step) =>
          splits.map((at) => (midnight(at) ? day : step < 60 ? exact : clock).format(at * 1000)),
      },
      {
        ...axis,
        space: 28,
        size: look.bytes ? 62 : 38,
        gap: 4,
        incrs: look.bytes ? byteSteps : plainSteps,
        // An axis has round steps: what would read 64.0 is 64.
        values: (_, splits) => splits.map((value) => look.format(value).replace(/[.,]0(?=\D)/, '')),
      },
    ],
    series: [
      {},
      ...look.lines.map(({ label, color }) => {
        const stroke = token(`chart-${color}`);
        return {
          label,
          stroke,
          width: 1.5,
          points: { show: false },
          ...(look.lines.length === 1 && { fill: `color-mix(in srgb, ${stroke} 14%, transparent)` }),
        };
      }),
    ],
    hooks: { setCursor: [({ cursor }) => look.onhover(cursor.idx ?? null)] },
  };
}

/** A little air above the highest value; an idle line lies on the ground instead of filling the chart with noise. */
function niceTop(highest: number | null, bytes: boolean): number {
  const least = bytes ? 1024 : 1;
  return Math.max(least, (highest ?? 0) * 1.15);
}
