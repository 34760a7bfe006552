import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';

// Compiling the code takes most of a start, so what was compiled is kept. It lies beside the code it came from and is
// as trusted as that; a temporary directory, the default, is open to others.
enableCompileCache(fileURLToPath(new URL('../../node_modules/.cache/serverkit', import.meta.url)));
await import('./run.ts');
