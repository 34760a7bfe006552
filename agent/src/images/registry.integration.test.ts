import { expect, test } from 'vitest';
import { describeWith } from '../../../testing/parts.ts';
import { registry } from '../../../testing/registry.ts';
import { connected } from '../docker/testing.ts';
import { checkRegistry } from './registry.ts';

const ada = { username: 'ada', password: 'correct horse' };

describeWith(['docker', 'registry'], 'a registry with a password', () => {
  test('lets in whom the docker command may sign in as, and nobody else', async () => {
    using docker = await connected();
    await using own = await registry({ credentials: ada });
    const sign = (password: string) =>
      checkRegistry(docker.engine, { ...ada, password, serverAddress: own.address });
    expect(await sign(ada.password)).toEqual({ accepted: true, message: 'Login Succeeded' });
    const refused = await sign('wrong-password');
    expect(refused.accepted).toBe(false);
    expect(refused.message).toMatch(/^The registry does not accept the user name and password/);
    expect(refused.message).not.toContain('wrong-password');
  });

  test('that is not there is told as such', async () => {
    using docker = await connected();
    const check = await checkRegistry(docker.engine, { ...ada, serverAddress: '127.0.0.1:1' });
    expect(check.accepted).toBe(false);
    expect(check.message).toMatch(/^The registry 127\.0\.0\.1:1 does not answer/);
  });
});
