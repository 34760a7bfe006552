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
  fields: (t) => ({
    profile: t.expose('profile', { type: PermissionProfileEnum }),
    scopes: t.stringList({
      description: 'What it stands for, as patterns: docker:*, system:metrics:read, *.',
      resolve: ({ scopes }) => [...scopes],
    }),
  }),
});

const ScopeInfo = builder.objectRef<AgentScope>('ScopeInfo').implement({
  access: 'inherited',
  fields: (t) => ({
    dangerous: t.boolean({
      description: 'Amounts to root on the server or can destroy data; only * or its own name grants it.',
      resolve: (scope) => dangerousScopes.has(scope),
    }),
    name: t.string({ resolve: (scope) => scope }),
  }),
});

const ControlPlaneType = builder.objectRef<ControlPlane>('ControlPlane').implement({
  access: 'inherited',
  fields: (t) => ({
    joinability: t.field({ type: Joinability, resolve: (plane) => plane.joinability() }),
    permissionProfiles: t.field({ type: [PermissionProfileInfo], resolve: () => profileInfos }),
    publicUrl: t.string({ resolve: (plane) => plane.publicUrl() }),
    scopes: t.field({
      type: [ScopeInfo],
      description: 'Every scope a server can be given.',
      resolve: () => agentScopes,
    }),
    startedAt: t.expose('startedAt', { type: 'DateTime' }),
    tls: t.boolean({
      description: 'Whether browsers and agents reach it over TLS.',
      resolve: (plane) => plane.publicUrl().startsWith('https:'),
    }),
    version: t.exposeString('version'),
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
