import type { LogStream } from '../generated/graphql.ts';

const key = 'serverkit.logs';

/** How logs are shown, in every viewer alike; remembered. */
class LogView {
  wrap = $state(true);
  timestamps = $state(false);
  stream = $state<'both' | LogStream>('both');
  onlyHits = $state(false);

  constructor() {
    const saved = localStorage.getItem(key)?.split(' ') ?? ['wrap'];
    this.wrap = saved.includes('wrap');
    this.timestamps = saved.includes('timestamps');
  }

  set(change: { wrap?: boolean; timestamps?: boolean }): void {
    this.wrap = change.wrap ?? this.wrap;
    this.timestamps = change.timestamps ?? this.timestamps;
    localStorage.setItem(
      key,
      [this.wrap && 'wrap', this.timestamps && 'timestamps'].filter(Boolean).join(' '),
    );
  }
}

export const logView = new LogView();
