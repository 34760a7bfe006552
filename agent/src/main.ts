import './lean.ts';
import { run } from './cli.ts';

/** The agent's entry. Whatever is still open when a command has ended must not keep the process. */
void run(process.argv.slice(2)).then((code) => process.exit(code));
