import type { Server } from '@serverkit/prisma/generated/client/client.ts';
import type { RegistrationReply } from '@serverkit/wire/handshake.ts';
import type { Scope } from '@serverkit/wire/scopes.ts';
import { actorOf } from '../audit/actor.ts';
import { builder } from '../builder.ts';
import type { RequestContext } from '../context.ts';
import { ServerKitError } from '../errors.ts';
import { requireOn } from '../graphql/refusals.ts';
import { InstallProblem, type InstallCommands as Commands } from '../install/service.ts';
import { InstallCommands, Joinability } from '../install/types.ts';
import { CreateServerInput, RegisterAgentInput, serverInput, UpdateServerInput } from './inputs.ts';
import { ServerType } from './server-type.ts';
import type { CreatedServer } from './service.ts';

const ServerPayload = builder.objectRef<{ readonly server: Server }>('ServerPayload').implement({
  access: 'inherited',
  description: 'A server after a change.',
  fields: (t) => ({
    server: t.field({ type: ServerType, description: 'As it is now.', resolve: ({ server }) => server }),
  }),
});

/** @throws ServerKitError UNAVAILABLE when what agents download is not at hand */
async function commandsFor({ install }: RequestContext['services'], token: string): Promise<Commands> {
  try {
    return await install.commands(token);
  } catch (error) {
    if (error instanceof InstallProblem)
      throw new ServerKitError('UNAVAILABLE', error.message, { cause: error });
    throw error;
  }
}

const RegistrationPayload = builder.objectRef<CreatedServer>('RegistrationPayload').implement({
  access: 'inherited',
  perViewer: true,
  description: 'A server and the ways to join it. The token is answered here and nowhere else.',
  fields: (t) => ({
    expiresAt: t.field({
      type: 'DateTime',
      description: 'Until when the token can be used.',
      resolve: ({ token }) => token.expiresAt,
    }),
    installCommand: t.string({
      description: 'One line for a root shell on Linux.',
      resolve: async ({ token }, _args, { services }) => (await commandsFor(services, token.token)).linux,
    }),
    installCommands: t.field({
      type: InstallCommands,
      description: 'The ways to join it, by platform.',
      resolve: ({ token }, _args, { services }) => commandsFor(services, token.token),
    }),
    joinability: t.field({
      type: Joinability,
      description: 'Whether the machine can reach this control plane.',
      resolve: (_payload, _args, { services }) => services.controlPlane.joinability(),
    }),
    registrationToken: t.string({
      description: 'The token itself: sk_reg_….',
      resolve: ({ token }) => token.token,
    }),
    server: t.field({
      type: ServerType,
      description: 'The server it is for.',
      resolve: ({ server }) => server,
    }),
  }),
});

const DeleteServerPayload = builder
  .objectRef<{ readonly deletedServerId: string }>('DeleteServerPayload')
  .implement({
    access: 'inherited',
    fields: (t) => ({
      deletedServerId: t.exposeID('deletedServerId', { description: 'The server that is gone.' }),
    }),
  });

const PingServerPayload = builder
  .objectRef<{ readonly server: Server; readonly roundTripMs: number }>('PingServerPayload')
  .implement({
    access: 'inherited',
    fields: (t) => ({
      roundTripMs: t.exposeFloat('roundTripMs', { description: 'Milliseconds from asking to the answer.' }),
      server: t.field({
        type: ServerType,
        description: 'The server that answered.',
        resolve: ({ server }) => server,
      }),
    }),
  });

const RegisterAgentPayload = builder.objectRef<RegistrationReply>('RegisterAgentPayload').implement({
  access: 'inherited',
  description:
    'The payload is JSON text: agent id, server id, pinned keys and scopes. The MAC covers its bytes.',
  fields: (t) => ({
    mac: t.exposeString('mac', {
      description: 'HMAC-SHA-256 over the transcript and the payload, base64url.',
    }),
    payload: t.exposeString('payload', { description: 'JSON text.' }),
  }),
});

builder.mutationFields((t) => ({
  createServer: t.field({
    type: RegistrationPayload,
    access: 'servers:register',
    description: 'Adds a server and answers with the command that joins it. Scope: servers:register.',
    args: { input: t.arg({ type: CreateServerInput, required: true }) },
    resolve: (_root, { input }, context) =>
      context.services.servers.create(
        { ...input, description: input.description ?? '', tags: input.tags ?? [] },
        actorOf(context),
      ),
  }),
  updateServer: t.field({
    type: ServerPayload,
    access: 'servers:write',
    on: (_root, { input }) => input.serverId,
    fresh: ({ input }) => input.profile != null || input.scopes != null,
    description:
      'Changes what was given; what is left out stays. Scope: servers:write, on every server for a new name; permissions also need servers:register and a fresh sign-in.',
    args: { input: t.arg({ type: UpdateServerInput, required: true }) },
    resolve: async (_root, { input: { serverId, ...patch } }, context) => {
      const needs = (scope: Scope) => requireOn(context, { access: scope }, 'mutation.updateServer');
      // What a server may do at most is for those who may add one.
      if (patch.profile != null || patch.scopes != null) needs('servers:register');
      // A name is unlike every other: whether it is free tells of servers that not everyone may see.
      if (patch.name != null) needs('servers:write');
      return { server: await context.services.servers.update(serverId, patch, actorOf(context)) };
    },
  }),
  deleteServer: t.field({
    type: DeleteServerPayload,
    access: 'servers:write',
    on: (_root, { input }) => input.serverId,
    fresh: true,
    description:
      'Removes a server with its history, and cuts its agent off at once. Scope: servers:write, and settings:write where terminals on it had to be recorded, as their recordings go with it; needs a fresh sign-in.',
    args: { input: t.arg({ type: serverInput('DeleteServerInput'), required: true }) },
    resolve: async (_root, { input: { serverId } }, context) => {
      await context.services.servers.delete(serverId, {
        actor: actorOf(context),
        rights: context.principal.rights,
      });
      return { deletedServerId: serverId };
    },
  }),
  regenerateRegistrationToken: t.field({
    type: RegistrationPayload,
    access: 'servers:register',
    // Whoever has the token is the server from then on, with all that is handed to it.
    fresh: true,
    description:
      'Replaces the registration token. The agent in place stays joined until a new one registers. Scope: servers:register; needs a fresh sign-in.',
    args: { input: t.arg({ type: serverInput('RegenerateRegistrationTokenInput'), required: true }) },
    resolve: (_root, { input: { serverId } }, context) =>
      context.services.servers.regenerateToken(serverId, actorOf(context)),
  }),
  revokeAgent: t.field({
    type: ServerPayload,
    access: 'servers:register',
    fresh: true,
    description:
      "Forgets the agent's key and cuts it off at once; the server stays and can be joined again. Scope: servers:register; needs a fresh sign-in.",
    args: { input: t.arg({ type: serverInput('RevokeAgentInput'), required: true }) },
    resolve: async (_root, { input: { serverId } }, context) => ({
      server: await context.services.servers.revokeAgent(serverId, actorOf(context)),
    }),
  }),
  rotateAgentKey: t.field({
    type: ServerPayload,
    access: 'servers:register',
    description:
      "Replaces the key of a server's agent, which must be online, and waits up to 20 s for the end; it goes on by itself afterwards. Scope: servers:register.",
    args: { input: t.arg({ type: serverInput('RotateAgentKeyInput'), required: true }) },
    resolve: async (_root, { input: { serverId } }, context) => ({
      server: await context.services.servers.rotateAgentKey(serverId, actorOf(context)),
    }),
  }),
  pingServer: t.field({
    type: PingServerPayload,
    access: 'servers:read',
    on: (_root, { input }) => input.serverId,
    description: 'Asks the agent for a sign of life now. Scope: servers:read.',
    args: { input: t.arg({ type: serverInput('PingServerInput'), required: true }) },
    resolve: async (_root, { input: { serverId } }, context) => {
      const roundTripMs = await context.services.servers.ping(serverId, actorOf(context));
      return { roundTripMs, server: await context.services.servers.get(serverId) };
    },
  }),
  restartAgent: t.field({
    type: ServerPayload,
    access: 'agent:restart',
    on: (_root, { input }) => input.serverId,
    description: "Ends the agent's process and lets its supervisor start it again. Scope: agent:restart.",
    args: { input: t.arg({ type: serverInput('RestartAgentInput'), required: true }) },
    resolve: async (_root, { input: { serverId } }, context) => ({
      server: await context.services.servers.restartAgent(serverId, actorOf(context)),
    }),
  }),
  registerAgent: t.field({
    type: RegisterAgentPayload,
    access: 'public',
    description:
      'Joins an agent. No session: the input proves knowledge of a registration token. See wire/PROTOCOL.md.',
    args: { input: t.arg({ type: RegisterAgentInput, required: true }) },
    resolve: (_root, { input }, { services, address }) =>
      services.agents.registrations.redeem(input, address),
  }),
}));
