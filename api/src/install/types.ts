import { builder } from '../builder.ts';
import type { Joinability as JoinabilityShape } from '../http/front-door.ts';
import type { InstallCommands as InstallCommandsShape } from './service.ts';

export const InstallCommands = builder.objectRef<InstallCommandsShape>('InstallCommands').implement({
  access: 'inherited',
  perViewer: true,
  description: 'What to paste where; null = not offered.',
  fields: (t) => ({
    docker: t.exposeString('docker', { nullable: true, description: 'Runs the agent as a container.' }),
    linux: t.exposeString('linux', { description: 'One line for a root shell on Linux.' }),
    manual: t.exposeString('manual', { description: 'For a machine that has the agent already.' }),
    windows: t.exposeString('windows', {
      nullable: true,
      description: "One line for an administrator's PowerShell.",
    }),
  }),
});

const JoinabilityReason = builder.enumType('JoinabilityReason', {
  description: 'What keeps other machines from joining.',
  values: {
    LOOPBACK_ONLY: {
      description: 'HOST is a loopback address, so nothing outside this machine gets an answer.',
    },
    PUBLIC_URL_LOOPBACK: { description: 'PUBLIC_URL names this machine by a loopback address.' },
    PUBLIC_URL_REQUIRED: { description: 'Nothing tells the address that others reach us by.' },
    TLS_REQUIRED: { description: 'Agents do not dial an address that is not encrypted.' },
  } as const,
});

export const Joinability = builder.objectRef<JoinabilityShape>('Joinability').implement({
  access: 'inherited',
  description:
    'Whether agents on other machines can reach this control plane, judged from its address and PUBLIC_URL.',
  fields: (t) => ({
    message: t.string({
      nullable: true,
      description: 'One sentence with the next step; null when joining is possible.',
      resolve: (joinability) => (joinability.possible ? null : joinability.reason),
    }),
    possible: t.exposeBoolean('possible', { description: 'Whether they can.' }),
    reason: t.field({
      type: JoinabilityReason,
      nullable: true,
      description: 'What is in the way; null when joining is possible.',
      resolve: (joinability) => (joinability.possible ? null : joinability.code),
    }),
    urls: t.stringList({
      description: 'Where agents would dial, best first.',
      resolve: (joinability) => (joinability.possible ? [joinability.url] : []),
    }),
  }),
});
