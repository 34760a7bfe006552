import { readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { tempDir } from '../../../testing/tmp.ts';
import { writeAgentConfig } from './config-file.ts';

const options = {
  server: { name: 'here', agentId: null },
  socket: '/run/x/agent.sock',
  deniedPaths: ['/data'],
};
const viewOf = (directory: string) => ({ directory, node: '/node', entry: '/entry.mjs' });

describe("the local agent's configuration", () => {
  test('denies the data directory, whatever the file said before', async () => {
    await using dir = await tempDir();
    writeFileSync(join(dir.path, 'config.yaml'), 'security: { denied_paths: [] }');
    writeAgentConfig(dir.path, viewOf(dir.path), undefined, options);
    const config: unknown = JSON.parse(readFileSync(join(dir.path, 'config.yaml'), 'utf8'));
    expect(config).toEqual({
      server: { url: 'unix:/run/x/agent.sock' },
      agent: { name: 'here', state_dir: dir.path },
      auth: { key_file: join(dir.path, 'agent.key') },
      security: { scopes: 'managed', denied_paths: ['/data'] },
    });
    expect(statSync(join(dir.path, 'config.yaml')).mode & 0o777).toBe(0o600);
  });

  test('is not written through a link that the agent put there', async () => {
    await using dir = await tempDir();
    await using elsewhere = await tempDir();
    writeFileSync(elsewhere.file('victim'), 'untouched');
    for (const name of ['config.yaml', 'config.yaml.new'])
      symlinkSync(elsewhere.file('victim'), join(dir.path, name));
    writeAgentConfig(dir.path, viewOf(dir.path), undefined, options);
    expect(readFileSync(elsewhere.file('victim'), 'utf8')).toBe('untouched');
    expect(readFileSync(join(dir.path, 'config.yaml'), 'utf8')).toContain('denied_paths');
  });
});
