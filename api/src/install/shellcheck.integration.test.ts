import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { describeWith } from '../../../testing/parts.ts';
import { run } from '../../../testing/processes.ts';

const deploy = fileURLToPath(new URL('../../../deploy/', import.meta.url));

describeWith('shellcheck', 'the scripts that run on other machines', () => {
  test.each(['install.sh', 'supervisor.sh', 'command.sh', 'init.d.sh'])('%s has no finding', async (name) => {
    expect(await run('shellcheck', ['--shell=sh', `${deploy}${name}`])).toBe('');
  });
});
