import { setFlagsFromString } from 'node:v8';

/**
 * Imported first, so that it counts for all other code. V8's two compilers in the middle keep machine code for whatever ran a
 * few hundred times, 2 MB in an agent that idles; what is truly hot, like taking logs apart, is still compiled by the last.
 */
for (const flag of ['--no-sparkplug', '--no-maglev']) setFlagsFromString(flag);
