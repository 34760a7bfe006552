import { agentScopes, dangerousScopes, permissionProfiles, type AgentScope } from '@serverkit/wire/scopes.ts';
import { builder } from '../builder.ts';
import { Joinability } from '../install/types.ts';
import { PermissionProfileEnum } from '../servers/server-type.ts';
import type { ControlPlane } from './service.ts';

interface ProfileInfo {
  readonly profile: keyof typeof permissionProfiles;
  readonly scopes: readonly string[];
}

const profileInfos: readonly ProfileInfo[] = [
  { profile: 'docker_readonly', scopes: permissionProfiles.docker_readonly },
  { profile: 'docker_manager', scopes: permissionProfiles.docker_manager },
  { profile: 'full_access', scopes: permissionProfiles.full_access },
];

const PermissionProfileInfo = builder.objectRef<ProfileInfo>('PermissionProfileInfo').implement({
  access: 'inherited',
  description: 'A ready-made ceiling for a server.',
  fields: (t) => ({
    profile: t.expose('profile', { type: PermissionProfileEnum, description: 'Its name.' }),
    scopes: t.stringList({
      description: 'What it stands for, as patterns: docker:*, system:metrics:read, *.',
      resolve: ({ scopes }) => [...scopes],
    }),
  }),
});

const ScopeInfo = builder.objectRef<AgentScope>('ScopeInfo').implement({
  access: 'inherited',
  description: 'A scope that a server can be given.',
  fields: (t) => ({
    dangerous: t.boolean({
      description: 'Amounts to root on the server or can destroy data; only * or its own name grants it.',
      resolve: (scope) => dangerousScopes.has(scope),
    }),
    name: t.string({ description: 'Such as docker:containers:read.', resolve: (scope) => scope }),
  }),
});

const ControlPlaneType = builder.objectRef<ControlPlane>('ControlPlane').implement({
  access: 'inherited',
  description: 'This installation of ServerKit.',
  fields: (t) => ({
    graphiql: t.exposeBoolean('graphiql', {
      description: 'Whether GraphiQL is at /graphiql, to try this API with.',
    }),
    joinability: t.field({
      type: Joinability,
      description: 'Whether other machines can join.',
      resolve: (plane) => plane.joinability(),
    }),
    permissionProfiles: t.field({
      type: [PermissionProfileInfo],
      description: 'What each profile stands for.',
      resolve: () => profileInfos,
    }),
    publicUrl: t.string({
      description: 'The address that people and agents use.',
      resolve: (plane) => plane.publicUrl(),
    }),
    scopes: t.field({
      type: [ScopeInfo],
      description: 'Every scope a server can be given.',
      resolve: () => agentScopes,
    }),
    startedAt: t.expose('startedAt', { type: 'DateTime', description: 'When this process started.' }),
    tls: t.boolean({
      description: 'Whether browsers and agents reach it over TLS.',
      resolve: (plane) => plane.publicUrl().startsWith('https:'),
    }),
    version: t.exposeString('version', { description: 'The release that runs.' }),
  }),
});

builder.queryField('controlPlane', (t) =>
  t.field({
    type: ControlPlaneType,
    access: 'signedIn',
    description: 'About this installation.',
    resolve: (_root, _args, { services }) => services.controlPlane,
  }),
);
