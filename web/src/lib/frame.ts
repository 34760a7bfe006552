/**
 * Gathers what arrives between two frames and hands it over once, so that a thousand messages a second cost sixty
 * updates at most. `add` may fold: a later value for the same key replaces the earlier one.
 */
export function perFrame<Key, Value>(
  flush: (batch: Map<Key, Value>) => void,
): {
  add: (key: Key, value: Value) => void;
  stop: () => void;
} {
  let batch = new Map<Key, Value>();
  let frame = 0;
  const run = () => {
    frame = 0;
    const full = batch;
    batch = new Map();
    flush(full);
  };
  return {
    add(key, value) {
      batch.set(key, value);
      if (frame === 0) frame = requestAnimationFrame(run);
    },
    stop() {
      cancelAnimationFrame(frame);
      frame = 0;
      batch.clear();
    },
  };
}
