import { readFile, stat, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually } from '../../testing/events.ts';
import { describeWith } from '../../testing/parts.ts';
import { agentStatus } from './agent.ts';
import { differences, listFiles, notOurs, type Listing } from './file-system.ts';
import { paste } from './joining.ts';
import { bareMachine, network, type Machine } from './machine.ts';
import { invite, reachablePlane, untilStatus, type Invitation, type ReachablePlane } from './plane.ts';

/** Everything that root's scripts write into folders of the agent's account, and names beside it. */
const written: readonly string[] = [
  '/var/log/serverkit-agent/supervisor.log',
  '/var/log/serverkit-agent/supervisor.log.1',
  '/var/log/serverkit-agent/last-run.log',
  '/etc/serverkit-agent/ca.pem.new',
  '/etc/serverkit-agent/config.yaml.new',
];

/** Among them, and what the agent cannot start without. */
const authority = '/etc/serverkit-agent/ca.pem';

describeWith(['root', 'netns', 'iptables', 'rootfs'], 'a machine that makes it hard to join', () => {
  const undo = new AsyncDisposableStack();
  let machine: Machine;
  let control: ReachablePlane;
  let invitation: Invitation;
  let before: Listing;

  beforeAll(async () => {
    const cable = undo.use(await network());
    machine = undo.use(await bareMachine(cable));
    before = await listFiles(machine.root);
    control = undo.use(await reachablePlane(cable.hostAddress));
    invitation = await invite(control.client, 'hard');
  });
  afterAll(() => undo.disposeAsync());

  const shell = (command: string) => machine.exec('sh', '-c', command);
  const install = (first = '') => paste(machine, first + invitation.command);

  test('as every proxy it was told of is dead, and /usr cannot be written', async () => {
    await shell('mount --bind /usr /usr && mount -o remount,bind,ro /usr');
    const proxies = ['http_proxy', 'https_proxy', 'all_proxy', 'HTTPS_PROXY', 'ALL_PROXY']
      .map((name) => `export ${name}=http://127.0.0.1:9; `)
      .join('');
    const { code, output } = await install(proxies);
    expect({ code, output }).toEqual({ code: 0, output: expect.stringContaining('Online.') });
    expect(output).toContain('/usr/local/bin cannot be written, so the command is /opt/serverkit-agent/');
    expect(await shell('/opt/serverkit-agent/serverkit-agent version')).toMatch(/^\d+\.\d+\.\d+\n$/);
    // Lazily: what runs was loaded from there.
    await shell('umount --lazy /usr');
    expect((await install()).code).toBe(0);
    expect(await machine.exec('serverkit-agent', 'version')).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  test("as the agent's account lays links where root is about to write: they lead root nowhere", async () => {
    const precious = `${machine.root}/root/precious`;
    await writeFile(precious, 'precious\n', { mode: 0o600 });
    const asAgent = [
      'setpriv',
      '--reuid=serverkit-agent',
      '--regid=serverkit-agent',
      '--init-groups',
      '--',
      'sh',
      '-c',
    ];
    const lay = (...paths: readonly string[]) =>
      machine.exec(...asAgent, paths.map((path) => `ln -sf /root/precious ${path}`).join('; '));
    await lay(...written);

    const { pid } = await agentStatus(machine);
    await shell(`kill -KILL ${pid}`);
    await eventually(async () => {
      const status = await agentStatus(machine);
      return status.running && status.pid !== pid;
    }, 'another agent');
    await shell('/opt/serverkit-agent/supervisor restart');
    await lay(authority);
    const { code, output } = await install();
    expect({ code, output }).toEqual({ code: 0, output: expect.stringContaining('Online.') });

    expect(await readFile(precious, 'utf8')).toBe('precious\n');
    expect((await stat(precious)).mode & 0o777).toBe(0o600);
    await machine.exec(...asAgent, `rm -f ${written.join(' ')}`);
    expect((await install()).code).toBe(0);
    await untilStatus(control.client, invitation.serverId, 'ONLINE');
  });

  test('as it is told to uninstall twice, and once more when nothing is left', async () => {
    await shell('cp /opt/serverkit-agent/install.sh /root/install.sh');
    for (let time = 0; time < 3; time += 1)
      expect(await machine.exec('sh', '/root/install.sh', '--uninstall')).toContain('Removed.');
    await shell('rm -f /root/install.sh /root/precious');
    expect(differences(before, await listFiles(machine.root), notOurs)).toEqual([]);
  });
});
