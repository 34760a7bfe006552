import { builder } from '../builder.ts';
import { DockerFactsType } from '../docker/container-type.ts';
import type { Facts } from './facts.ts';

/** What a host is. */
export const FactsType = builder.objectRef<Facts>('Facts').implement({
  fields: (t) => ({
    hostname: t.exposeString('hostname'),
    machineId: t.exposeString('machineId', {
      description:
        'Hash of the machine id under a key of ours: tells machines apart, gives the machine id away to nobody.',
    }),
    osName: t.exposeString('osName'),
    osVersion: t.exposeString('osVersion'),
    kernel: t.exposeString('kernel'),
    arch: t.exposeString('arch', { description: 'As Node names it: x64, arm64, …' }),
    cpuModel: t.exposeString('cpuModel'),
    cpuCount: t.exposeInt('cpuCount', { description: 'Logical cores.' }),
    memoryBytes: t.expose('memoryBytes', { type: 'SafeInt' }),
    diskBytes: t.expose('diskBytes', {
      type: 'SafeInt',
      description: 'Size of all mounted file systems together.',
    }),
    agentVersion: t.exposeString('agentVersion'),
    contract: t.exposeString('contract', { description: 'Version of this schema, major.minor.' }),
    nodeVersion: t.exposeString('nodeVersion'),
    addresses: t.exposeStringList('addresses', {
      description: "The host's own IP addresses, loopback and Docker's left out.",
    }),
    timezone: t.exposeString('timezone', { description: 'IANA name.' }),
    virtualization: t.exposeString('virtualization', {
      nullable: true,
      description: 'kvm, vmware, docker, lxc, …; null on bare metal or when it cannot be told.',
    }),
    bootedAt: t.expose('bootedAt', { type: 'SafeInt', description: 'ms since 1970.' }),
    docker: t.expose('docker', { type: DockerFactsType }),
    runsAs: t.exposeString('runsAs', { description: 'Name of the account that the agent runs as.' }),
    supervisor: t.exposeString('supervisor', {
      description: 'What starts the agent again when it ends: systemd, script, parent or none.',
    }),
  }),
});
