import { expect, test } from 'vitest';
import { secretsOf } from './git-deploy.ts';

test('what a repository says in confidence is kept from what a deployment tells: in its Compose file and env files', () => {
  const file = (path: string, text: string) => ({ path, executable: false, bytes: Buffer.from(text) });
  const secrets = secretsOf(
    { compose: 'services:\n  web:\n    environment:\n      DB_PASSWORD: hunter2\n', env: 'KEY=kept-here' },
    {
      files: [
        file('app.env', 'FROM_FILE=beside'),
        file('conf/.env.production', 'DEEP=deeper'),
        file('readme.md', 'WORD=harmless'),
        file('large.env', `A=${'x'.repeat(200_000)}`),
      ],
    },
  );
  expect(secrets).toEqual(expect.arrayContaining(['hunter2', 'kept-here', 'beside', 'deeper']));
  expect(secrets.join(' ')).not.toMatch(/harmless|xxx/);
});
