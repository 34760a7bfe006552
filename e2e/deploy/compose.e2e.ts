import { stat } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fingerprintOf } from '../../agent/src/link/endpoint.ts';
import { connectToExternal } from '../../api/src/database/testing.ts';
import type { StoredSample } from '../../api/src/metrics/sample.ts';
import { browser, type TestPage } from '../../testing/browser.ts';
import { container, docker } from '../../testing/docker.ts';
import { eventually } from '../../testing/events.ts';
import type { TestClient } from '../../testing/graphql-client.ts';
import { describeWith } from '../../testing/parts.ts';
import { composeProject, composeTools, type ComposeProject } from '../../testing/product/compose.ts';
import { freePort } from '../../testing/free-port.ts';
import { productImages } from '../../testing/product/images.ts';
import { invite, samplesIn, untilStatus, type Invitation } from '../install/plane.ts';
import { admin, authorityOf, setUp, untilReady } from './deployment.ts';

describeWith(
  ['docker', 'debian-image', 'postgres-image', 'chromium', 'compose'],
  'docker-compose.yml',
  () => {
    // Beside each other: both wait for health checks and samples most of the time.
    describe.each(composeTools())('brought up by $title', { concurrent: true }, (tool) => {
      describe('from nothing', { concurrent: false }, () => {
        const undo = new AsyncDisposableStack();
        let project: ComposeProject;
        let url: string;
        let ca: string;
        let client: TestClient;
        let invitation: Invitation;
        let tab: TestPage;

        beforeAll(async () => {
          const images = await productImages();
          const port = await freePort();
          url = `https://localhost:${port}`;
          project = undo.use(
            composeProject(tool, {
              SERVERKIT_IMAGE: images.controlPlane,
              SERVERKIT_AGENT_IMAGE: images.agent,
              POSTGRES_IMAGE: images.postgres,
              SERVERKIT_PORT: String(port),
              PUBLIC_URL: `https://serverkit.example.com:${port}`,
              DOCKER_GID: String((await stat('/var/run/docker.sock')).gid),
            }),
          );
          await project.run(['up', '--detach']);
          await untilReady(url);
          ca = await authorityOf(port);
          client = await setUp(url, ca, await project.run(['logs', 'serverkit']));
        }, 900_000);
        afterAll(() => undo.disposeAsync());

        const idOf = async (service: string): Promise<string> =>
          (await project.run(['ps', '-q', service])).trim();
        const inspect = async (service: string, format: string): Promise<string> =>
          (await docker('inspect', '--format', format, await idOf(service))).trim();

        test('is healthy, not root, and writes nowhere but into its volumes', async () => {
          await eventually(
            async () => (await inspect('serverkit', '{{.State.Health.Status}}')) === 'healthy',
            'the control plane to be healthy',
          );
          const id = await idOf('serverkit');
          expect((await docker('exec', id, 'id', '--user')).trim()).toBe('10001');
          await expect(docker('exec', id, 'touch', '/opt/serverkit/planted')).rejects.toThrow(
            'Read-only file system',
          );
          expect(await docker('exec', id, 'stat', '--format', '%a %U', '/data')).toBe('700 serverkit\n');
        });

        test('publishes one port, and hands over no secret in an environment', async () => {
          const all = (await project.run(['ps', '-q'])).trim().split('\n');
          const ports = await docker('inspect', '--format', '{{json .HostConfig.PortBindings}}', ...all);
          expect(ports.match(/HostPort/g)).toHaveLength(1);
          const secret = (
            await docker('exec', await idOf('postgres'), 'cat', '/run/serverkit/database-password')
          ).trim();
          expect(secret).toMatch(/^[0-9a-f]{48}$/);
          expect(await docker('inspect', ...all)).not.toContain(secret);
        });

        test('takes an agent for its own machine', async () => {
          invitation = await invite(client, 'here');
          const fingerprint = fingerprintOf(ca);
          await project.run(
            // prettier-ignore
            ['--profile', 'agent', 'run', '--rm', '-T', 'agent', 'register', '--server', url, '--ca-sha256', fingerprint],
            `${invitation.token}\n`,
          );
          await project.run(['--profile', 'agent', 'up', '--detach', 'agent']);
          await untilStatus(client, invitation.serverId, 'ONLINE');
          expect((await docker('exec', await idOf('agent'), 'id', '--user')).trim()).toBe('10002');
          expect(await docker('exec', await idOf('agent'), 'serverkit-agent', 'status')).toContain('online');
        });

        test('shows in a browser a container of the machine, and metrics that move', async () => {
          const chrome = undo.use(await browser());
          tab = undo.use(await chrome.open({ ignoreHTTPSErrors: true }));
          const { page } = tab;
          await page.goto(`${url}/sign-in`);
          await page.getByLabel('E-mail address').fill(admin.email);
          await page.getByLabel('Password').fill(admin.password);
          await page.getByRole('button', { name: 'Sign in' }).click();
          await page.waitForURL(`${url}/`);
          await using box = await container();
          await page.goto(`${url}/servers/${invitation.serverId}`);
          await page
            .getByTestId('container-row')
            .filter({ hasText: box.name })
            .getByText('Running')
            .waitFor();
          // All of them: what is shown of the processors stands still on a machine that is busy throughout.
          await page.locator('[role=img][aria-label^="CPU: CPU"]').waitFor();
          const shown = (): Promise<string> =>
            page.evaluate(() =>
              [...document.querySelectorAll('[role=img][aria-label]')]
                .map((chart) => chart.getAttribute('aria-label'))
                .join(),
            );
          const before = await shown();
          await eventually(async () => (await shown()) !== before, 'the metrics to move');
        });

        /** What the agent itself keeps, of its present run. */
        const ring = async (): Promise<StoredSample[]> => {
          const status: { ring: StoredSample[] } = JSON.parse(
            await docker('exec', await idOf('agent'), 'serverkit-agent', 'status', '--ring'),
          );
          const epoch = status.ring.at(-1)?.epoch;
          return status.ring.filter((sample) => sample.epoch === epoch);
        };

        test('loses nothing while the control plane is away', async () => {
          const seen = (await ring()).length;
          const id = await idOf('serverkit');
          await project.run(['stop', 'serverkit']);
          expect((await docker('inspect', '--format', '{{.State.ExitCode}}', id)).trim()).toBe('0');
          await eventually(async () => (await ring()).length >= seen + 2, 'two samples that nobody takes', {
            limit: 60_000,
          });
          await project.run(['start', 'serverkit']);
          await untilReady(url);
          await untilStatus(client, invitation.serverId, 'ONLINE', 60_000);

          const kept = await ring();
          const last = kept.at(-1)?.seq ?? 0;
          const connectionString = (
            await docker('exec', await idOf('serverkit'), 'cat', '/run/serverkit/database-url')
          ).replace(
            '@postgres',
            `@${await inspect('postgres', '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}')}`,
          );
          const pool = connectToExternal(connectionString);
          undo.defer(() => pool.end());
          const stored = await eventually(async () => {
            const rows = (await samplesIn(pool, invitation.serverId)).filter(
              ({ epoch }) => epoch === kept[0]?.epoch,
            );
            return rows.some(({ seq }) => seq >= last) ? rows.filter(({ seq }) => seq <= last) : undefined;
          }, 'the samples of the pause');
          expect(stored).toEqual(kept);
          // The session of before, which is in the database, and the cookie's key, which is among the data.
          expect(await client.query('{ viewer { user { email } } }')).toEqual({
            viewer: { user: { email: admin.email } },
          });
        });
      });
    });
  },
);
