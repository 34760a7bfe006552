import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { tempDir } from '../../../testing/tmp.ts';
import { loadAgentBundle } from './agent-bundle.ts';
import { authority, builtAgent, frontDoorAt } from './fixtures.ts';
import { routeOf } from './route.ts';
import { renderScript } from './script.ts';

async function render(absent = ''): Promise<string> {
  await using room = await tempDir();
  return renderScript({
    route: routeOf({ tls: undefined }, frontDoorAt('https://10.0.0.1:4000', true)),
    authority,
    bundle: await loadAgentBundle(builtAgent(room.path)),
    node: {
      version: '24.0.0',
      license: { sha256: 'ef'.repeat(32), bytes: 9 },
      x64: { sha256: 'cd'.repeat(32), bytes: 5 },
      arm64: undefined,
      absent,
    },
  });
}

const sh = (script: string, ...args: readonly string[]) =>
  spawnSync('sh', ['-s', '--', ...args], { input: script, encoding: 'utf8' });

describe('the installer', () => {
  test('holds everything it needs, and no place that was not filled', async () => {
    const text = await render();
    expect(text).not.toMatch(/@[A-Z][A-Z0-9_]+@/);
    expect(text).toContain(authority.certificatePem.trim());
    expect(text).toContain('ProtectSystem=strict');
  });

  test('is the same bytes for the same input', async () => {
    expect(await render()).toBe(await render());
  });

  test.each(['sh', 'dash', 'bash'])('is read by %s without complaint', async (shell) => {
    const outcome = spawnSync(shell, ['-n'], { input: await render(), encoding: 'utf8' });
    expect(outcome).toMatchObject({ status: 0, stderr: '' });
  });

  test('keeps a sentence with quotes whole', async () => {
    const text = await render(`npm's "way" costs $5 \`now\``);
    const line = text.split('\n').find((one) => one.trim().startsWith('node_absent='));
    const echoed = spawnSync('sh', ['-c', `${line}\nprintf %s "$node_absent"`], { encoding: 'utf8' });
    expect(echoed.stdout).toBe(`npm's "way" costs $5 \`now\``);
  });

  test('does nothing at all when it did not arrive whole', async () => {
    const text = await render();
    const end = text.lastIndexOf('main "$@"');
    for (let cut = 100; cut < end; cut += Math.floor(end / 23)) {
      expect(sh(text.slice(0, cut), '--help').stdout).toBe('');
    }
    expect(sh(text, '--help').stdout).toContain('--uninstall');
  });

  test('names an option it does not know', async () => {
    expect(sh(await render(), '--purge')).toMatchObject({
      status: 1,
      stderr: '\nThere is no option --purge; --help names them.\n',
    });
  });
});
