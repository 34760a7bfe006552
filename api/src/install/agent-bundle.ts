import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { packFile, type PackedFile } from './packed-file.ts';
import { InstallProblem } from './problem.ts';

/** The room of the agent, with what agent/build.ts leaves in `dist`. */
const agentRoom = fileURLToPath(new URL('../../../agent', import.meta.url));

/** Where the built agent lies on this machine. */
export const agentDist = join(agentRoom, 'dist');

/** The file of the bundle that Node runs. */
export const agentEntry = 'serverkit-agent.cjs';

export interface AgentBundle {
  readonly version: string;
  readonly files: readonly PackedFile[];
}

const manifest = z.object({ version: z.string() });

/**
 * The agent as it was built, held in memory (about 1 MB): what is handed out stays what was hashed, even when somebody
 * builds again meanwhile.
 * @param room - holds package.json and dist
 * @throws InstallProblem when it was not built
 */
export async function loadAgentBundle(room = agentRoom): Promise<AgentBundle> {
  const dist = join(room, 'dist');
  const names = await readdir(dist).catch((): string[] => []);
  const code = names
    .filter((name) => /^[a-zA-Z0-9][a-zA-Z0-9._-]*\.(c?js|node|LEGAL\.txt)$/.test(name))
    .toSorted();
  if (!code.includes(agentEntry)) {
    throw new InstallProblem(
      'The agent was not built; stop ServerKit and start it with npm start, which builds it.',
    );
  }
  const files = await Promise.all(code.map((name) => packFile(join(dist, name), name)));
  const { version } = manifest.parse(JSON.parse(await readFile(join(room, 'package.json'), 'utf8')));
  return { version, files };
}
