/** Numbers, sizes and times as people read them, in one language. Pure but for the locale. */
export interface Formats {
  number: (value: number) => string;
  /** 0–100, one decimal below ten: `4.2%`, `37%`. */
  percent: (value: number) => string;
  /** Binary units: `1.4 GiB`. */
  bytes: (value: number) => string;
  /** `1.4 MiB/s`. */
  rate: (bytesPerSecond: number) => string;
  /** `12 May, 10:32:07`, with the year when it is another one. */
  dateTime: (value: Date | string | number) => string;
  /** `10:32:07`. */
  time: (value: Date | string | number) => string;
  /** The same where there is little room: `3 min. ago`. */
  relativeShort: (value: Date | string | number, now: number) => string;
  /** `3 minutes ago`, `in 2 hours`. */
  relative: (value: Date | string | number, now: number) => string;
  /** The two largest units: `3 d 4 h`, `12 s`. */
  duration: (seconds: number) => string;
  list: (values: readonly string[]) => string;
  plural: (count: number) => Intl.LDMLPluralRule;
}

const binary = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;
const octets = ['o', 'Kio', 'Mio', 'Gio', 'Tio', 'Pio'] as const;

const steps: readonly [Intl.RelativeTimeFormatUnit, number][] = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1],
];

export function createFormats(locale: string): Formats {
  const french = locale.startsWith('fr');
  const whole = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 });
  const tenth = new Intl.NumberFormat(locale, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
  const plain = new Intl.NumberFormat(locale);
  // Logs, charts and tables stand side by side: one clock for all, without a.m. and p.m.
  const clockStyle = { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' } as const;
  const clock = new Intl.DateTimeFormat(locale, clockStyle);
  const thisYear = new Intl.DateTimeFormat(locale, {
    day: 'numeric',
    month: 'short',
    ...clockStyle,
  });
  const otherYear = new Intl.DateTimeFormat(locale, {
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    ...clockStyle,
  });
  const ago = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' });
  const shortAgo = new Intl.RelativeTimeFormat(locale, { numeric: 'auto', style: 'short' });
  const since = (words: Intl.RelativeTimeFormat, value: Date | string | number, now: number): string => {
    const seconds = Math.round((new Date(value).getTime() - now) / 1000);
    const [unit, size] = steps.find(([, length]) => Math.abs(seconds) >= length) ?? ['second', 1];
    return words.format(Math.trunc(seconds / size), unit);
  };
  const rules = new Intl.PluralRules(locale);
  const and = new Intl.ListFormat(locale, { type: 'conjunction' });
  const units = french ? octets : binary;

  const scaled = (value: number): [string, string] => {
    let step = 0;
    let rest = Math.abs(value);
    while (rest >= 1023.5 && step < units.length - 1) {
      rest /= 1024;
      step++;
    }
    const digits = step === 0 || rest >= 99.95 ? whole.format(rest) : tenth.format(rest);
    return [value < 0 ? `-${digits}` : digits, units[step] ?? 'B'];
  };

  return {
    number: (value) => plain.format(value),
    percent: (value) => {
      const digits = value > 0 && value < 9.95 ? tenth.format(value) : whole.format(value);
      return french ? `${digits}\u202f%` : `${digits}%`;
    },
    bytes: (value) => scaled(value).join('\u00a0'),
    rate: (value) => `${scaled(value).join('\u00a0')}/s`,
    dateTime: (value) => {
      const date = new Date(value);
      return (date.getFullYear() === new Date().getFullYear() ? thisYear : otherYear).format(date);
    },
    time: (value) => clock.format(new Date(value)),
    relative: (value, now) => since(ago, value, now),
    relativeShort: (value, now) => since(shortAgo, value, now),
    duration: (seconds) => {
      const left = Math.max(0, Math.floor(seconds));
      const days = Math.floor(left / 86_400);
      const hours = Math.floor((left % 86_400) / 3_600);
      const minutes = Math.floor((left % 3_600) / 60);
      const day = french ? 'j' : 'd';
      if (days > 0) return `${whole.format(days)} ${day} ${hours} h`;
      if (hours > 0) return `${hours} h ${minutes} min`;
      if (minutes > 0) return `${minutes} min ${left % 60} s`;
      return `${left} s`;
    },
    list: (values) => and.format(values),
    plural: (count) => rules.select(count),
  };
}
