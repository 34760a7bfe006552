/**
 * Calls `tick` whenever the wall clock passes a multiple of `intervalMs`, so that the samples of all servers fall on the
 * same moments. Follows a clock that is set; never ticks twice within half an interval.
 *
 * @returns stops it
 */
export function everyAligned(intervalMs: number, tick: () => unknown): () => void {
  let timer: NodeJS.Timeout;
  const arm = (): void => {
    const wait = intervalMs - (Date.now() % intervalMs);
    // Timers may fire a moment early; and a first sample over a fraction of the interval says little.
    timer = setTimeout(fire, wait < intervalMs / 2 ? wait + intervalMs : wait);
  };
  const fire = (): void => {
    arm();
    tick();
  };
  const first = intervalMs - (Date.now() % intervalMs);
  timer = setTimeout(fire, first < intervalMs / 10 ? first + intervalMs : first);
  return () => clearTimeout(timer);
}
