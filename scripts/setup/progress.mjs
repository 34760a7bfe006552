const live = process.stdout.isTTY;

/** @param {number} since milliseconds as of performance.now() */
const seconds = (since) => `${((performance.now() - since) / 1000).toFixed(1)} s`;

/**
 * Shows that `title` is being worked on until `work` settles: a ticking line on a terminal, a line at the start,
 * one every 15 s and one at the end elsewhere.
 * @template T
 * @param {string} title
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function showing(title, work) {
  const start = performance.now();
  const tick = () => {
    process.stdout.write(live ? `\r  … ${title} (${seconds(start)}) ` : `  … ${title} (${seconds(start)})\n`);
  };
  process.stdout.write(live ? `  … ${title} ` : `  … ${title}\n`);
  const timer = setInterval(tick, live ? 200 : 15_000);
  const end = (/** @type {string} */ mark) => {
    clearInterval(timer);
    process.stdout.write(`${live ? '\r\x1b[2K' : ''}  ${mark} ${title} (${seconds(start)})\n`);
  };
  try {
    const result = await work();
    end('✓');
    return result;
  } catch (error) {
    end('✗');
    throw error;
  }
}
