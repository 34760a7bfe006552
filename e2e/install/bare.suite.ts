import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually } from '../../testing/events.ts';
import { describeWith } from '../../testing/parts.ts';
import { agentStatus } from './agent.ts';
import { dockerRelay } from './docker-relay.ts';
import { differences, listFiles, notOurs, type Listing } from './file-system.ts';
import { paste, silentMinute } from './joining.ts';
import { bareMachine, network, type Machine } from './machine.ts';
import {
  containersOf,
  invite,
  reachablePlane,
  untilStatus,
  type Invitation,
  type ReachablePlane,
} from './plane.ts';
import { watchArguments } from './watch-arguments.ts';

/** What a machine without systemd is taken through, from the first line that is pasted to its removal. */
export const withoutSystemd = (): void =>
  describeWith(
    ['root', 'netns', 'iptables', 'rootfs', 'docker'],
    'without systemd',
    () => {
      const undo = new AsyncDisposableStack();
      let machine: Machine;
      let control: ReachablePlane;
      let invitation: Invitation;
      let before: Listing;

      beforeAll(async () => {
        const cable = undo.use(await network());
        machine = undo.use(await bareMachine(cable));
        control = undo.use(await reachablePlane(cable.hostAddress));
        invitation = await invite(control.client, 'bare');
        before = await listFiles(machine.root);
      });
      afterAll(() => undo.disposeAsync());

      const untilOnline = (limit?: number) =>
        untilStatus(control.client, invitation.serverId, 'ONLINE', limit);

      test('has neither curl nor wget, openssl or certificates', async () => {
        for (const tool of ['curl', 'wget', 'openssl', 'python3', 'update-ca-certificates', 'systemctl'])
          await expect(machine.exec('sh', '-c', `command -v ${tool}`)).rejects.toThrow('ended with 127');
      });

      test("joins by the wizard's command, pasted as it is, within a minute", async () => {
        using watched = watchArguments(invitation.token);
        const began = performance.now();
        const { code, output } = await paste(machine, invitation.command);
        expect({ code, output }).toEqual({ code: 0, output: expect.stringContaining('Online.') });
        await untilOnline();
        expect(performance.now() - began).toBeLessThan(60_000);
        expect(watched.looks).toBeGreaterThan(10);
        expect(watched.seen).toEqual([]);
      });

      test('runs the agent as an account of its own, without more rights than it needs', async () => {
        const { pid, supervisor } = await agentStatus(machine);
        expect(supervisor).toBe('script');
        const status = await machine.exec('cat', `/proc/${pid}/status`);
        const uid = (await machine.exec('id', '-u', 'serverkit-agent')).trim();
        expect(status).toMatch(new RegExp(`^Uid:\\t${uid}\\t${uid}\\t${uid}\\t${uid}$`, 'm'));
        expect(status).toMatch(/^CapEff:\t0+$/m);
        expect(status).toMatch(/^NoNewPrivs:\t1$/m);
        expect(await readFile(`${machine.root}/etc/serverkit-agent/config.yaml`, 'utf8')).not.toContain(
          invitation.token,
        );
      });

      test('has Docker at once when it comes later, and does without when it goes', async () => {
        expect((await agentStatus(machine)).docker.available).toBe(false);
        const available = (wanted: boolean) =>
          eventually(
            async () => (await agentStatus(machine)).docker.available === wanted,
            `Docker: ${wanted}`,
          );
        {
          await using _relay = await dockerRelay(`${machine.root}/srv/docker.sock`);
          await machine.exec('chgrp', 'docker', '/srv/docker.sock');
          await machine.exec('ln', '-s', '/srv/docker.sock', '/run/docker.sock');
          expect(await available(true)).toBe(true);
          expect(await containersOf(control.client, invitation.serverId)).toEqual(expect.any(Array));
        }
        await machine.exec('rm', '-f', '/run/docker.sock', '/srv/docker.sock');
        expect(await available(false)).toBe(true);
      });

      test('stores every sample of a minute in which the link was silently cut', async () => {
        const { status, ring, stored } = await silentMinute(machine, control, invitation.serverId);
        expect(status).toBe('OFFLINE');
        // One each 10 s.
        expect(ring.length).toBeGreaterThanOrEqual(6);
        expect(stored).toEqual(ring);
      });

      test('starts the agent again when it is killed, and takes it along when the supervisor is', async () => {
        const { pid } = await agentStatus(machine);
        await machine.exec('sh', '-c', `kill -KILL ${pid}`);
        const next = await eventually(async () => {
          const status = await agentStatus(machine);
          return status.running && status.pid !== pid ? status : undefined;
        }, 'another agent');
        await untilOnline();
        expect(next.supervisor).toBe('script');

        const supervisor = (await machine.exec('cat', '/run/serverkit-agent.pid')).trim();
        await machine.exec('sh', '-c', `kill -KILL ${supervisor}`);
        await eventually(
          async () =>
            (await machine.exec('sh', '-c', `[ -d /proc/${next.pid} ] || echo gone`)).includes('gone'),
          'the agent to end with its supervisor',
        );
        await machine.exec('serverkit-agent', 'start');
        await untilOnline();
      });

      test('comes back after a reboot', async () => {
        // What a power cut does: everything is gone at once, and /run is empty.
        await machine.exec('sh', '-c', 'kill -KILL $(cat /run/serverkit-agent.pid); rm -rf /run/*');
        const [link] = (await machine.exec('sh', '-c', 'ls -d /etc/rc2.d/S*serverkit-agent'))
          .trim()
          .split('\n');
        await machine.exec(link ?? '', 'start');
        await untilOnline();
        expect((await agentStatus(machine)).link.state).toBe('online');
      });

      test('can be installed again over itself', async () => {
        const { pid } = await agentStatus(machine);
        const { code, output } = await paste(machine, invitation.command);
        expect({ code, output }).toEqual({ code: 0, output: expect.stringContaining('Online.') });
        expect(output).not.toContain(': done');
        expect((await agentStatus(machine)).pid).not.toBe(pid);
        const agents = await machine.exec(
          'sh',
          '-c',
          'cat /proc/[0-9]*/cmdline | tr "\\0" "\\n" | grep -c "^/opt/[s]erverkit-agent/agent/"',
        );
        expect(agents.trim()).toBe('1');
      });

      test('goes on from where an interrupted installation stopped', async () => {
        await machine.exec('rm', '/opt/serverkit-agent/runtime/node', '/usr/local/bin/serverkit-agent');
        const { code, output } = await paste(machine, invitation.command);
        expect({ code, output }).toEqual({
          code: 0,
          output: expect.stringContaining('the runtime: done'),
        });
        await untilOnline();
      });

      test('is not started again once it was revoked', async () => {
        await control.client.query(
          'mutation ($input: RevokeAgentInput!) { revokeAgent(input: $input) { server { status } } }',
          { input: { serverId: invitation.serverId } },
        );
        await eventually(
          async () =>
            (await machine.exec('cat', '/var/log/serverkit-agent/supervisor.log')).includes('revoked'),
          'the supervisor to give up',
        );
        // It says so before it ends.
        await eventually(
          () =>
            expect(machine.exec('/opt/serverkit-agent/supervisor', 'status')).rejects.toThrow('not running'),
          'the supervisor to end',
        );
      });

      test('leaves nothing after --uninstall', async () => {
        expect(await machine.exec('serverkit-agent', 'uninstall')).toContain('Removed.');
        expect(differences(before, await listFiles(machine.root), notOurs)).toEqual([]);
        expect(await machine.exec('ls', '/run')).toBe('');
        expect(await machine.exec('sh', '-c', 'cat /proc/[0-9]*/cmdline')).not.toContain(
          '/opt/serverkit-agent',
        );
        await expect(machine.exec('id', 'serverkit-agent')).rejects.toThrow('no such user');
      });

      test('says that the token was used, when another machine or another key presents it', async () => {
        const { code, output } = await paste(machine, invitation.command);
        expect(code).toBe(1);
        expect(output).toMatch(/registration token was used already/);
        expect(output).toMatch(/Stopped while registering/);
        await machine.exec('sh', '/opt/serverkit-agent/install.sh', '--uninstall');
        expect(differences(before, await listFiles(machine.root), notOurs)).toEqual([]);
      });

      test('says what is wrong before anything is changed', async () => {
        const url = new URL(control.plane.url);
        const elsewhere = invitation.command.replaceAll(url.port, '9');
        expect(await paste(machine, elsewhere)).toEqual({
          code: 1,
          output: expect.stringMatching(/Nothing was installed: \S+ cannot be reached/),
        });
        const asNobody = [
          'setpriv',
          '--reuid=65534',
          '--regid=65534',
          '--clear-groups',
          'sh',
          '-c',
          invitation.command,
        ];
        await expect(machine.exec(...asNobody)).rejects.toThrow('This needs to be run as root.');
        await machine.exec('mount', '-t', 'tmpfs', '-o', 'size=100m', 'small', '/opt');
        expect(await paste(machine, invitation.command)).toEqual({
          code: 1,
          output: expect.stringMatching(/has \d+ MB free, and the installation needs 250 MB/),
        });
        await machine.exec('umount', '/opt');
        expect(differences(before, await listFiles(machine.root), notOurs)).toEqual([]);
      });
    },
    { concurrent: false },
  );
