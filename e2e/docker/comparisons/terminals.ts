import { expect } from 'vitest';
import { container, docker } from '../../../testing/docker.ts';
import type { Comparison } from '../comparison.ts';

interface Terminal {
  readonly id: string;
  readonly containerId: string;
  readonly columns: number;
  readonly rows: number;
  readonly viewers: number;
  readonly privileged: boolean;
}
interface Told {
  readonly containerTerminal: {
    readonly kind: string;
    readonly text: string | null;
    readonly columns: number | null;
    readonly rows: number | null;
    readonly reason: string | null;
    readonly exitCode: number | null;
  };
}

/** What runs in a container besides its first process, by the docker command. */
async function others(id: string): Promise<string[]> {
  return (await docker('top', id, '-eo', 'pid,args')).trim().split('\n').slice(2);
}

export const terminals: readonly Comparison[] = [
  {
    title: 'a terminal is a shell in the container',
    covers: [
      'Mutation.acknowledgeContainerTerminal',
      'Mutation.closeContainerTerminal',
      'Mutation.openContainerTerminal',
      'Mutation.resizeContainerTerminal',
      'Mutation.writeContainerTerminal',
      'Query.containerTerminals',
      'Subscription.containerTerminal',
    ],
    async run(rig) {
      await using box = await container({ command: ['sleep', '1000'] });
      const { openContainerTerminal } = await rig.query<{ openContainerTerminal: { terminal: Terminal } }>(
        /* GraphQL */ `
          mutation ($serverId: ID!, $containerId: ID!) {
            openContainerTerminal(
              input: { serverId: $serverId, containerId: $containerId, columns: 90, rows: 30 }
            ) {
              terminal {
                id
                containerId
                columns
                rows
                viewers
                privileged
              }
            }
          }
        `,
        { containerId: box.name },
      );
      const { terminal } = openContainerTerminal;
      expect(terminal).toMatchObject({ containerId: box.id, columns: 90, rows: 30, privileged: false });
      const input = { serverId: rig.serverId, terminalId: terminal.id };
      expect(await others(box.id)).toHaveLength(1);

      await using events = rig.subscribe<Told>(
        /* GraphQL */ `
          subscription ($serverId: ID!, $terminalId: ID!) {
            containerTerminal(serverId: $serverId, terminalId: $terminalId, viewerId: "comparison") {
              kind
              text
              columns
              rows
              reason
              exitCode
            }
          }
        `,
        { terminalId: terminal.id },
      );
      const begin = await events.next();
      expect(begin.containerTerminal).toMatchObject({ kind: 'SCREEN', columns: 90, rows: 30 });
      await rig.query(
        'mutation ($input: AcknowledgeContainerTerminalInput!) { acknowledgeContainerTerminal(input: $input) }',
        {
          input: { serverId: rig.serverId, viewerId: 'comparison', characters: 1 },
        },
      );
      await rig.query(
        'mutation ($input: ResizeContainerTerminalInput!) { resizeContainerTerminal(input: $input) { terminal { id } } }',
        { input: { ...input, columns: 100, rows: 40 } },
      );
      const write = (text: string) =>
        rig.query(
          'mutation ($input: WriteContainerTerminalInput!) { writeContainerTerminal(input: $input) { terminalId } }',
          { input: { ...input, text } },
        );
      await write('stty size; hostname; exec sh -c "exec sleep 77"\r');
      let text = '';
      await events.next(({ containerTerminal: event }) => {
        text += event.text ?? '';
        return text.includes(box.id.slice(0, 12));
      }, 'its host name');
      expect(text).toContain('40 100');
      expect(text).toContain((await docker('exec', box.id, 'hostname')).trim());
      const { containerTerminals } = await rig.query<{ containerTerminals: Terminal[] }>(
        'query ($serverId: ID!) { containerTerminals(serverId: $serverId) { id containerId columns rows viewers privileged } }',
      );
      expect(containerTerminals).toEqual([{ ...terminal, columns: 100, rows: 40, viewers: 1 }]);
      await rig.query(
        'mutation ($input: CloseContainerTerminalInput!) { closeContainerTerminal(input: $input) { terminalId } }',
        { input },
      );
      const end = await events.next(({ containerTerminal: { kind } }) => kind === 'ENDED');
      expect(end.containerTerminal).toMatchObject({ reason: 'CLOSED', exitCode: null });
      expect(await others(box.id)).toEqual([]);
    },
  },
];
