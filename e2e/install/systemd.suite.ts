import { appendFile, chmod, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually } from '../../testing/events.ts';
import { fence, fencesOf } from '../../testing/fences.ts';
import { describeWith } from '../../testing/parts.ts';
import { run } from '../../testing/processes.ts';
import { tempDir } from '../../testing/tmp.ts';
import { agentStatus } from './agent.ts';
import { dockerRelay } from './docker-relay.ts';
import { differences, listFiles, type Listing } from './file-system.ts';
import { paste, silentMinute } from './joining.ts';
import type { Machine } from './machine.ts';
import {
  containersOf,
  invite,
  reachablePlane,
  untilStatus,
  type Invitation,
  type ReachablePlane,
} from './plane.ts';
import { systemdMachine } from './systemd-machine.ts';

/** What a shell, the tools that change users, and a running system write all the time. */
const notOurs =
  /^(root\/\.bash_history|etc\/(passwd|group|shadow|gshadow|subuid|subgid)-|var\/log\/(journal|wtmp|lastlog).*|var\/lib\/(systemd|apt|dpkg)\/.*|var\/cache\/.*)$/;

/** What a machine with systemd is taken through, from the first line that is pasted to its removal. */
export const withSystemd = (): void =>
  describeWith(
    ['root', 'docker', 'systemd-image', 'iptables'],
    'with systemd',
    () => {
      const undo = new AsyncDisposableStack();
      let machine: Machine;
      let control: ReachablePlane;
      let invitation: Invitation;
      let before: Listing;

      beforeAll(async () => {
        const shared = undo.use(await tempDir());
        await chmod(shared.path, 0o755);
        machine = undo.use(await systemdMachine({ shared: shared.path }));
        undo.use(await dockerRelay(shared.file('docker.sock')));
        control = undo.use(await reachablePlane(machine.hostAddress));
        invitation = await invite(control.client, 'with-systemd');
        before = await listFiles(machine.root);
      });
      afterAll(() => undo.disposeAsync());

      const untilOnline = () => untilStatus(control.client, invitation.serverId, 'ONLINE');
      const unit = async (property: string) =>
        (await machine.exec('systemctl', 'show', 'serverkit-agent', '--value', '-p', property)).trim();

      test("joins by the wizard's command, pasted as it is, within a minute", async () => {
        const began = performance.now();
        const { code, output } = await paste(machine, invitation.command);
        expect({ code, output }).toEqual({ code: 0, output: expect.stringContaining('Online.') });
        await untilOnline();
        expect(performance.now() - began).toBeLessThan(60_000);
      });

      test('runs the agent as a hardened service that starts with the machine', async () => {
        expect(await unit('ActiveState')).toBe('active');
        expect(await unit('UnitFileState')).toBe('enabled');
        const status = await agentStatus(machine);
        expect(status).toMatchObject({ supervisor: 'systemd', link: { state: 'online' } });
        const exposure = await machine.exec('systemd-analyze', 'security', 'serverkit-agent', '--no-pager');
        expect(Number(/exposure level for \S+: ([\d.]+)/.exec(exposure)?.[1])).toBeLessThan(2.5);
        // Only from outside may one look into the sandbox.
        const init = /\d+/.exec(machine.root)?.[0] ?? '';
        const inside = [
          'nsenter',
          '-t',
          init,
          '-m',
          '-p',
          '-r',
          '--',
          'nsenter',
          '-t',
          String(status.pid),
          '-m',
          '--',
        ];
        const asAgent = ['setpriv', '--reuid=serverkit-agent', '--clear-groups', '--'];
        const write = (path: string) => run('env', [...inside, ...asAgent, 'touch', path]);
        await expect(write('/etc/serverkit-agent/config.yaml')).rejects.toThrow('Read-only file system');
        expect(await write('/var/lib/serverkit-agent/probe')).toBe('');
      });

      test('reaches Docker from within its sandbox', async () => {
        await machine.exec('chgrp', 'docker', '/shared/docker.sock');
        await machine.exec('ln', '-s', '/shared/docker.sock', '/run/docker.sock');
        await eventually(
          async () => {
            const { docker } = await agentStatus(machine);
            if (!docker.available) throw new Error(docker.error ?? '');
            return true;
          },
          'Docker',
          { limit: 60_000 },
        );
        const ids = (await containersOf(control.client, invitation.serverId))?.map(({ id }) => id);
        const own = (await machine.exec('hostname')).trim();
        expect(ids).toContainEqual(expect.stringMatching(own));
      });

      test('stores every sample of a minute in which the link was silently cut', async () => {
        const { status, ring, stored } = await silentMinute(machine, control, invitation.serverId);
        expect(status).toBe('OFFLINE');
        // One each 10 s.
        expect(ring.length).toBeGreaterThanOrEqual(6);
        expect(stored).toEqual(ring);
      });

      test('starts the agent again when it is killed, and when the control plane asks for it', async () => {
        const another = async (pid: number) =>
          eventually(async () => {
            const status = await agentStatus(machine);
            return status.running && status.pid !== pid ? status.pid : undefined;
          }, 'another agent');
        const first = (await agentStatus(machine)).pid;
        await machine.exec('kill', '-KILL', String(first));
        const second = await another(first);
        await untilOnline();
        await control.client.query(
          'mutation ($input: RestartAgentInput!) { restartAgent(input: $input) { server { id } } }',
          { input: { serverId: invitation.serverId } },
        );
        expect(await another(second)).not.toBe(second);
        await untilOnline();
      });

      test('can be installed again over itself', async () => {
        const { code, output } = await paste(machine, invitation.command);
        expect({ code, output }).toEqual({ code: 0, output: expect.stringContaining('Online.') });
        await untilOnline();
      });

      test('has shells of an account that its agent cannot become, as the documentation says', async () => {
        const { client } = control;
        const { serverId } = invitation;
        const files = fencesOf('docs/deploy.md').filter(({ file }) =>
          file?.includes('serverkit-agent-shell'),
        );
        expect(files).toHaveLength(2);
        await machine.exec('useradd', '--create-home', '--shell', '/bin/bash', 'deploy');
        for (const { file = '', text } of files) await writeFile(`${machine.root}${file}`, text);
        await appendFile(
          `${machine.root}/etc/serverkit-agent/config.yaml`,
          fence('docs/deploy.md', 'shell-config'),
        );
        await machine.exec('systemctl', 'daemon-reload');
        await machine.exec('systemctl', 'enable', '--now', 'serverkit-agent-shell.socket');
        await machine.exec('serverkit-agent', 'config', 'allow', 'system:terminal');
        await machine.exec('systemctl', 'stop', 'serverkit-agent');
        await untilStatus(client, serverId, 'OFFLINE');
        await machine.exec('systemctl', 'start', 'serverkit-agent');
        await untilOnline();
        await client.query(
          'mutation ($input: UpdateServerInput!) { updateServer(input: $input) { server { id } } }',
          { input: { serverId, profile: 'FULL_ACCESS' } },
        );
        const size = { columns: 80, rows: 24 };
        // With other permissions the agent comes back on another link.
        const { openHostTerminal } = await eventually(
          () =>
            client.query<{ openHostTerminal: { terminal: { id: string } } }>(
              'mutation ($input: OpenHostTerminalInput!) { openHostTerminal(input: $input) { terminal { id } } }',
              { input: { serverId, ...size } },
            ),
          'a shell to be opened',
        );
        const terminalId = openHostTerminal.terminal.id;
        await using shown = client.subscribe<{ hostTerminal: { text: string | null } }>(
          'subscription ($serverId: ID!, $terminalId: ID!) { hostTerminal(serverId: $serverId, terminalId: $terminalId) { text } }',
          { serverId, terminalId },
        );
        const type = (text: string) =>
          client.query(
            'mutation ($input: WriteHostTerminalInput!) { writeHostTerminal(input: $input) { terminalId } }',
            { input: { serverId, terminalId, text } },
          );
        await type('echo "as:$(id -un):$(stty size):$PWD:"; setsid sleep 4004 &\r');
        let text = '';
        await shown.next(
          ({ hostTerminal }) => (text += hostTerminal.text ?? '').includes('as:deploy:24 80:/home/deploy:'),
          'a shell of that account',
        );
        const asleep = async () =>
          (await machine.exec('sh', '-c', 'pgrep --full "^sleep 4004" || true')).trim() !== '';
        await eventually(asleep, 'what was started in it');
        await client.query(
          'mutation ($input: CloseHostTerminalInput!) { closeHostTerminal(input: $input) { terminalId } }',
          { input: { serverId, terminalId } },
        );
        await eventually(async () => !(await asleep()), 'all of it to end');
        await machine.exec('systemctl', 'disable', '--now', 'serverkit-agent-shell.socket');
        for (const { file = '' } of files) await machine.exec('rm', file);
        await machine.exec('systemctl', 'daemon-reload');
        await machine.exec('userdel', '--remove', 'deploy');
      });

      test('is not started again once it was revoked', async () => {
        await control.client.query(
          'mutation ($input: RevokeAgentInput!) { revokeAgent(input: $input) { server { status } } }',
          { input: { serverId: invitation.serverId } },
        );
        await eventually(async () => (await unit('ActiveState')) === 'failed', 'the service to give up');
        expect(await unit('ExecMainStatus')).toBe('78');
      });

      test('leaves nothing after --uninstall', async () => {
        await machine.exec('rm', '/run/docker.sock');
        expect(await machine.exec('serverkit-agent', 'uninstall')).toContain('Removed.');
        expect(differences(before, await listFiles(machine.root), notOurs)).toEqual([]);
        expect(await unit('LoadState')).toBe('not-found');
        await expect(machine.exec('id', 'serverkit-agent')).rejects.toThrow('no such user');
      });
    },
    { concurrent: false },
  );
