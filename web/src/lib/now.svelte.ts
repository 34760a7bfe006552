import { createSubscriber } from 'svelte/reactivity';

let current = Date.now();

/** One clock for every age on show; it ticks only while something reads it. */
const track = createSubscriber((update) => {
  current = Date.now();
  const timer = setInterval(() => {
    current = Date.now();
    update();
  }, 1000);
  return () => clearInterval(timer);
});

/** The time in milliseconds, to the second; what reads it in an effect or a template follows it. */
export function now(): number {
  track();
  return $effect.tracking() ? current : Date.now();
}
