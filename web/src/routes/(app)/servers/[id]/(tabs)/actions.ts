import { mutate } from '#lib/api/operations.ts';
import { sentence } from '#lib/errors.ts';
import { graphql } from '#lib/generated/gql.ts';
import { f, t } from '#lib/i18n.svelte.ts';
import { toasts } from '#lib/toasts.svelte.ts';

const Ping = graphql(`
  mutation ServerActions_Ping($serverId: ID!) {
    pingServer(input: { serverId: $serverId }) {
      roundTripMs
    }
  }
`);

const RestartAgent = graphql(`
  mutation ServerActions_RestartAgent($serverId: ID!) {
    restartAgent(input: { serverId: $serverId }) {
      server {
        id
      }
    }
  }
`);

const Maintain = graphql(`
  mutation ServerActions_Maintain($serverId: ID!, $maintenance: Boolean!) {
    updateServer(input: { serverId: $serverId, maintenance: $maintenance }) {
      server {
        id
      }
    }
  }
`);

/** Runs it and tells in a toast how it ended. */
async function tell(run: () => Promise<string>): Promise<void> {
  try {
    toasts.good(await run());
  } catch (error) {
    toasts.critical(sentence(error));
  }
}

export const ping = (serverId: string) =>
  tell(async () => {
    const { pingServer } = await mutate(Ping, { serverId });
    return t().server.pinged(f().number(Math.round(pingServer.roundTripMs * 10) / 10));
  });

export const restartAgent = (serverId: string) =>
  tell(async () => {
    await mutate(RestartAgent, { serverId });
    return t().server.agentRestarting;
  });

export const setMaintenance = (serverId: string, maintenance: boolean) =>
  tell(async () => {
    await mutate(Maintain, { serverId, maintenance });
    return maintenance ? t().server.inMaintenance : t().server.outOfMaintenance;
  });
