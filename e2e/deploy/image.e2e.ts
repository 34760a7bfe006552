import { afterAll, beforeAll, expect, test } from 'vitest';
import { container, docker, uniqueName, type TestContainer } from '../../testing/docker.ts';
import { eventually } from '../../testing/events.ts';
import { describeWith } from '../../testing/parts.ts';
import { freePort } from '../../testing/free-port.ts';
import { productImages } from '../../testing/product/images.ts';
import { admin, authorityOf, setUp, untilReady } from './deployment.ts';

describeWith(['docker', 'debian-image'], 'the image of the control plane, alone', () => {
  const undo = new AsyncDisposableStack();
  let image: string;
  let box: TestContainer;
  let url: string;
  let port: number;

  beforeAll(async () => {
    image = (await productImages()).controlPlane;
    const volume = uniqueName('serverkit-test-data');
    undo.defer(async () => {
      await docker('volume', 'rm', volume);
    });
    port = await freePort();
    url = `https://localhost:${port}`;
    box = undo.use(
      await container({
        image,
        command: [],
        // prettier-ignore
        options: [
          '--init', '--read-only', '--tmpfs', '/tmp', '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges',
          '--publish', `127.0.0.1:${port}:4000`, '--volume', `${volume}:/data`,
        ],
      }),
    );
    await untilReady(url);
  }, 900_000);
  afterAll(() => undo.disposeAsync());

  test('serves from its embedded database, on a read-only root and without any capability', async () => {
    await eventually(
      async () =>
        (await docker('inspect', '--format', '{{.State.Health.Status}}', box.id)).trim() === 'healthy',
      'the image to find itself healthy',
    );
    expect(await box.exec('ls', '/data/pg')).toContain('18');
    expect((await box.exec('id', '--user')).trim()).toBe('10001');
  });

  test('drains when it is stopped, and goes on with its data', async () => {
    const client = await setUp(url, await authorityOf(port), await docker('logs', box.id));
    await docker('stop', '--time', '15', box.id);
    // Killed after the fifteen seconds it would have ended with 137.
    expect((await docker('inspect', '--format', '{{.State.ExitCode}}', box.id)).trim()).toBe('0');
    await docker('start', box.id);
    await untilReady(url);
    expect(await client.query('{ viewer { user { email } } }')).toEqual({
      viewer: { user: { email: admin.email } },
    });
  });

  test('holds neither secrets nor what only its making needed', async () => {
    const named = (...names: readonly string[]) => names.flatMap((name) => ['-o', '-name', name]).slice(1);
    const unwanted = named('*.pem', '.env*', '.git', 'typescript', 'vitest', 'playwright-core');
    expect(await box.exec('find', '.', ...unwanted)).toBe('');
    expect(await box.exec('find', 'api', 'wire', 'prisma', ...named('*.test.ts'))).toBe('');
    const size = Number(await docker('image', 'inspect', '--format', '{{.Size}}', image));
    expect(size / 1e6).toBeLessThan(480);
  });
});
