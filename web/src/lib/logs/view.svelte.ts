import type { LogStream } from '../generated/graphql.ts';
import type { Level } from './levels.ts';

const key = 'serverkit.logs';

/** How logs are shown, in every viewer alike; remembered. */
class LogView {
  wrap = $state(true);
  timestamps = $state(false);
  stream = $state<'both' | LogStream>('both');
  onlyHits = $state(false);
  /** Only lines at least so bad. */
  least = $state<'all' | Level>('all');
  /** JSON over several lines. */
  expand = $state(false);

  constructor() {
    const saved = localStorage.getItem(key)?.split(' ') ?? ['wrap'];
    this.wrap = saved.includes('wrap');
    this.timestamps = saved.includes('timestamps');
    this.expand = saved.includes('expand');
  }

  set(change: { wrap?: boolean; timestamps?: boolean; expand?: boolean }): void {
    this.wrap = change.wrap ?? this.wrap;
    this.timestamps = change.timestamps ?? this.timestamps;
    this.expand = change.expand ?? this.expand;
    localStorage.setItem(
      key,
      [this.wrap && 'wrap', this.timestamps && 'timestamps', this.expand && 'expand']
        .filter(Boolean)
        .join(' '),
    );
  }
}

export const logView = new LogView();
