import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { describeWith } from '../../testing/parts.ts';
import { attackerOn, type Attacker } from './attacker.ts';
import { differences, listFiles, type Listing } from './file-system.ts';
import { paste } from './joining.ts';
import { bareMachine, network, type Machine } from './machine.ts';
import { invite, reachablePlane, statusOf, type Invitation, type ReachablePlane } from './plane.ts';

const notOurs = /^(root\/\.bash_history|etc\/(passwd|group|shadow|gshadow)-)$/;

describeWith(
  ['root', 'netns', 'iptables', 'rootfs'],
  'somebody between a machine and the control plane',
  () => {
    const undo = new AsyncDisposableStack();
    let machine: Machine;
    let control: ReachablePlane;
    let attacker: Attacker;
    let invitation: Invitation;
    let before: Listing;

    beforeAll(async () => {
      const cable = undo.use(await network());
      machine = undo.use(await bareMachine(cable));
      control = undo.use(await reachablePlane(cable.hostAddress));
      attacker = undo.use(await attackerOn(cable, Number(new URL(control.plane.url).port)));
      invitation = await invite(control.client, 'victim');
      before = await listFiles(machine.root);
    });
    afterAll(() => undo.disposeAsync());
    afterEach(async () => {
      attacker.tamper = (_path, content) => content;
      await machine.exec(
        'sh',
        '-c',
        'if [ -f /opt/serverkit-agent/install.sh ]; then sh /opt/serverkit-agent/install.sh --uninstall; fi',
      );
    });

    test('cannot swap the certificate authority that the installer pins', async () => {
      let swapped = 0;
      attacker.tamper = (path, content) => {
        if (path !== '/install.sh') return content;
        swapped++;
        return content.replace(
          /-----BEGIN CERTIFICATE-----\n[^-]+/,
          '-----BEGIN CERTIFICATE-----\nTHEIRS=\n',
        );
      };
      const { code, output } = await paste(machine, invitation.command);
      expect(await statusOf(control.client, invitation.serverId)).toBe('PENDING');
      expect({ code, output }).toEqual({
        code: 1,
        output: expect.stringContaining('Nothing was installed:'),
      });
      expect(swapped).toBe(1);
      expect(differences(before, await listFiles(machine.root), notOurs)).toEqual([]);
    });

    test('cannot swap the agent', async () => {
      attacker.tamper = (path, content) =>
        path.endsWith('.cjs.gz') ? `require('fs').writeFileSync('/owned', '');${content}` : content;
      const { code, output } = await paste(machine, invitation.command);
      expect(await statusOf(control.client, invitation.serverId)).toBe('PENDING');
      expect({ code, output }).toEqual({
        code: 1,
        output: expect.stringMatching(/\.cjs is not what the command expects/),
      });
      await expect(machine.exec('ls', '/owned')).rejects.toThrow('No such file');
      await expect(machine.exec('ls', '/opt/serverkit-agent/agent/serverkit-agent.cjs')).rejects.toThrow(
        'No such file',
      );
    });

    test('cannot pose as the control plane', async () => {
      const { code, output } = await paste(machine, invitation.command);
      expect(await statusOf(control.client, invitation.serverId)).toBe('PENDING');
      expect({ code, output }).toEqual({
        code: 1,
        output: expect.stringMatching(/cannot reach \S+: its certificate .*not trusted/),
      });
      expect(attacker.accepted).toBe(0);
    });
  },
);
