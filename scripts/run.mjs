/**
 * `node scripts/run.mjs [--no-build | --before-printing] SCRIPT [ARGS]`: sets up what is missing, then runs a script of the
 * project under the pinned Node. A shell that has once found another `node` goes on using that one, so
 * `setup && node SCRIPT` would not do.
 */
import { become } from './setup/foreground.mjs';
import { setupOrExit } from './setup.mjs';

const [first, ...rest] = process.argv.slice(2);
const printing = first === '--before-printing';
const build = !printing && first !== '--no-build';
await setupOrExit({ build, printing });
become(['--disable-warning=ExperimentalWarning', ...(build && first !== undefined ? [first] : []), ...rest]);
