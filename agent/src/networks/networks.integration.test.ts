import { expect, test } from 'vitest';
import { container, docker as cli, uniqueName } from '../../../testing/docker.ts';
import { describeWith } from '../../../testing/parts.ts';
import { workWith } from '../containers/testing.ts';
import { connected, forever } from '../docker/testing.ts';
import {
  connectContainer,
  createNetwork,
  disconnectContainer,
  findNetwork,
  listNetworks,
  pruneNetworks,
  removeNetwork,
  unusedNetworks,
} from './networks.ts';
import { mayJoin } from './privilege.ts';

/** Subnets of tests, so that none takes a subnet of the host. */
let next = 0;
const subnet = (): string => `10.213.${(process.pid + next++) % 256}`;

interface TestNetwork extends AsyncDisposable {
  readonly id: string;
  readonly name: string;
  readonly prefix: string;
}

async function network(...options: readonly string[]): Promise<TestNetwork> {
  const name = uniqueName();
  const prefix = subnet();
  const id = (
    await cli(
      'network',
      'create',
      '--subnet',
      `${prefix}.0/24`,
      '--label',
      'serverkit.test=1',
      ...options,
      name,
    )
  ).trim();
  const remove = async (): Promise<void> => {
    await cli('network', 'rm', id).catch((error: unknown) => {
      if (!/no such network|not found/i.test(String(error))) throw error;
    });
  };
  return { id, name, prefix, [Symbol.asyncDispose]: remove };
}

const inspect = async (name: string): Promise<Record<string, unknown>> => {
  const [found]: Record<string, unknown>[] = JSON.parse(await cli('network', 'inspect', name));
  if (!found) throw new Error('no such network');
  return found;
};

const failure = (code: string): unknown => expect.objectContaining({ code });

describeWith('docker', 'networks of the real engine', () => {
  test('take in what is made to reach beyond itself only from those who may make such', async () => {
    using docker = await connected();
    await using one = await network();
    await using plain = await container({ start: false });
    await using reaching = await container({ options: ['--pid', 'host'], start: false });
    await mayJoin(one.id, plain.id, workWith(docker));
    await expect(mayJoin(one.id, reaching.id, workWith(docker))).rejects.toEqual(failure('PRIVILEGE_NEEDED'));
    await mayJoin(one.id, reaching.id, workWith(docker, { scopes: ['docker:containers:privileged'] }));
  });

  test('are listed as the docker command lists and inspects them, with who is in them', async () => {
    using docker = await connected();
    await using one = await network('--internal');
    await using other = await network();
    await using box = await container({ options: ['--network', one.name, '--ip', `${one.prefix}.7`] });
    await using stopped = await container({ options: ['--network', one.name], start: false });
    const networks = await listNetworks(docker.engine);
    const own = networks.filter(({ name }) => name === one.name || name === other.name);
    const filter = ['--filter', `name=${one.name}`, '--filter', `name=${other.name}`];
    const listed = (await cli('network', 'ls', '--quiet', '--no-trunc', ...filter)).trim().split('\n');
    expect(own.map(({ id }) => id).toSorted()).toEqual(listed.toSorted());
    expect(listed).toHaveLength(2);
    for (const name of ['bridge', 'host', 'none']) {
      expect(networks.find((found) => found.name === name)).toMatchObject({ builtIn: true });
    }
    const told = await inspect(one.id);
    expect(await findNetwork(docker.engine, one.name)).toEqual({
      id: told['Id'],
      name: told['Name'],
      driver: told['Driver'],
      scope: told['Scope'],
      createdAt: Date.parse(String(told['Created'])),
      internal: true,
      attachable: false,
      ipv6: false,
      builtIn: false,
      subnets: [{ subnet: `${one.prefix}.0/24`, gateway: '', ipRange: '' }],
      labels: [{ key: 'serverkit.test', value: '1' }],
      options: [],
      users: expect.arrayContaining([
        {
          containerId: box.id,
          containerName: box.name,
          running: true,
          ipv4: `${one.prefix}.7`,
          ipv6: '',
          mac: expect.stringMatching(/^02:42:/),
        },
        expect.objectContaining({ containerId: stopped.id, running: false, ipv4: '' }),
      ]),
    });
  });

  test('are made as asked for, once by a name', async () => {
    using docker = await connected();
    const name = uniqueName();
    const prefix = subnet();
    const wanted = {
      name,
      driver: 'bridge',
      internal: true,
      attachable: true,
      ipv6: false,
      subnets: [{ subnet: `${prefix}.0/24`, gateway: `${prefix}.9`, ipRange: `${prefix}.128/25` }],
      options: [{ key: 'com.docker.network.driver.mtu', value: '1400' }],
      labels: [{ key: 'a', value: 'b' }],
    };
    try {
      const made = await createNetwork(docker.engine, wanted, forever);
      expect(made).toMatchObject({ ...wanted, builtIn: false, users: [] });
      expect(await inspect(name)).toMatchObject({
        Id: made.id,
        Internal: true,
        Attachable: true,
        Labels: { a: 'b' },
        Options: { 'com.docker.network.driver.mtu': '1400' },
        IPAM: { Config: [{ Subnet: `${prefix}.0/24`, Gateway: `${prefix}.9`, IPRange: `${prefix}.128/25` }] },
      });
      await expect(createNetwork(docker.engine, wanted, forever)).rejects.toThrow(failure('CONFLICT'));
      const overlapping = { ...wanted, name: uniqueName() };
      await expect(createNetwork(docker.engine, overlapping, forever)).rejects.toThrow(failure('CONFLICT'));
      const odd = { ...overlapping, subnets: [{ subnet: 'nonsense', gateway: '', ipRange: '' }] };
      await expect(createNetwork(docker.engine, odd, forever)).rejects.toThrow(failure('INPUT_INVALID'));
    } finally {
      await cli('network', 'rm', name);
    }
  });

  test('are joined under other names and with an address, and left', async () => {
    using docker = await connected();
    await using one = await network();
    await using box = await container();
    const pair = { network: one.id, container: box.id };
    const connection = { ...pair, aliases: ['db', 'cache'], ipv4: `${one.prefix}.42`, ipv6: '' };
    await connectContainer(docker.engine, connection, forever);
    const format = `{{json (index .NetworkSettings.Networks "${one.name}")}}`;
    const endpoint: unknown = JSON.parse(await cli('inspect', '--format', format, box.id));
    expect(endpoint).toMatchObject({
      IPAddress: `${one.prefix}.42`,
      Aliases: expect.arrayContaining(['db', 'cache']),
    });
    await expect(connectContainer(docker.engine, connection, forever)).rejects.toThrow(failure('CONFLICT'));
    await expect(removeNetwork(docker.engine, one.id, forever)).rejects.toThrow(failure('CONFLICT'));
    await disconnectContainer(docker.engine, pair, { force: false, signal: forever });
    expect((await findNetwork(docker.engine, one.id)).users).toEqual([]);
    await expect(disconnectContainer(docker.engine, pair, { force: false, signal: forever })).rejects.toThrow(
      failure('CONFLICT'),
    );
    expect(await removeNetwork(docker.engine, one.name, forever)).toMatchObject({ id: one.id });
    await expect(inspect(one.id)).rejects.toThrow(/no such network|not found/i);
  });

  test("of the engine's own stay", async () => {
    using docker = await connected();
    await expect(removeNetwork(docker.engine, 'bridge', forever)).rejects.toThrow(failure('CONFLICT'));
    await expect(removeNetwork(docker.engine, 'no-such-network', forever)).rejects.toThrow(
      failure('NOT_FOUND'),
    );
  });

  test('that nobody is in are shown before they go, and nothing else goes', async () => {
    using docker = await connected();
    await using lonely = await network();
    await using late = await network();
    await using kept = await network();
    await using _stopped = await container({ options: ['--network', kept.name], start: false });
    const shown = (await unusedNetworks(docker.engine)).map(({ id }) => id);
    expect(shown).toEqual(expect.arrayContaining([lonely.id, late.id]));
    expect(shown).not.toContain(kept.id);
    await using _taken = await container({ options: ['--network', late.name] });
    const pruned = await pruneNetworks(docker.engine, [lonely.id, late.id, kept.id], forever);
    expect(pruned.removed.map(({ id }) => id)).toEqual([lonely.id]);
    expect(pruned.kept.map(({ id }) => id)).toEqual([late.id, kept.id]);
    const left = (await cli('network', 'ls', '--quiet', '--no-trunc')).trim().split('\n');
    expect(left).toEqual(expect.arrayContaining([late.id, kept.id]));
    expect(left).not.toContain(lonely.id);
  });
});
