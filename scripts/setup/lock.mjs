import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/** Outside node_modules, which an installation replaces. */
const file = '.cache/setup.lock';

/** @param {number} pid */
function alive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** Takes the lock, or names the process that holds it. The lock appears with its content, so nobody reads half of it. */
function take() {
  const mine = `${file}.${process.pid}`;
  writeFileSync(mine, String(process.pid));
  try {
    linkSync(mine, file);
    return undefined;
  } catch {
    try {
      return Number(readFileSync(file, 'utf8'));
    } catch {
      return 0; // released in between
    }
  } finally {
    rmSync(mine, { force: true });
  }
}

/**
 * Runs `work` while no other set-up of this checkout runs. The lock of a process that is gone is taken over.
 * @param {() => Promise<void>} work
 */
export async function alone(work) {
  mkdirSync('.cache', { recursive: true });
  let told = 0;
  for (let holder = take(); holder !== undefined; holder = take()) {
    if (holder > 0 && !alive(holder)) {
      rmSync(file, { force: true });
      continue;
    }
    if (holder > 0 && told !== holder) {
      console.log(`  … waiting for another set-up of this checkout (process ${holder})`);
      told = holder;
    }
    await delay(250);
  }
  try {
    await work();
  } finally {
    rmSync(file, { force: true });
  }
}
