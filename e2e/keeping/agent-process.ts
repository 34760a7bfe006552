import { writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { plainEnv, run, startProcess, type TestProcess } from '../../testing/processes.ts';
import type { TempDir } from '../../testing/tmp.ts';

/** An agent as a process of this machine, with its own configuration and state, registered and running. */
export async function startAgent(
  folder: TempDir,
  name: string,
  server: string,
  token: string,
): Promise<TestProcess> {
  const config = folder.file(`${name}.yaml`);
  const state = folder.file(`${name}-state`);
  await mkdir(state, { recursive: true, mode: 0o700 });
  writeFileSync(
    config,
    [
      `agent: { state_dir: ${state} }`,
      `auth: { key_file: ${state}/agent.key }`,
      `logging: { file: ${state}/agent.log }`,
      'server: { max_reconnect_interval: 1s }',
      'features: { docker: false }',
    ].join('\n'),
  );
  await run(process.execPath, ['agent/src/main.ts', 'register', '--server', server, '-c', config], {
    env: plainEnv({ SERVERKIT_TOKEN: token }),
  });
  return startProcess(process.execPath, ['agent/src/main.ts', 'start', '-c', config], { env: plainEnv() });
}
