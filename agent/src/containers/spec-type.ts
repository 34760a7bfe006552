import { mountKinds, restartPolicies } from '@serverkit/wire/container-spec.ts';
import { builder } from '../builder.ts';

const Pair = builder.inputType('PairInput', {
  fields: (t) => ({ key: t.string({ required: true }), value: t.string({ required: true }) }),
});

export const EnvironmentVariableInput = builder.inputType('EnvironmentVariableInput', {
  fields: (t) => ({ name: t.string({ required: true }), value: t.string({ required: true }) }),
});

export const SecretValueInput = builder.inputType('SecretValueInput', {
  description: 'A secret of the control plane, used for this operation and kept nowhere.',
  fields: (t) => ({
    name: t.string({ required: true }),
    value: t.string({ required: true }),
    stamp: t.string({
      description:
        'Another one for another value, by which a stack tells whether files of it are those of now.',
    }),
  }),
});

export const secretsText = 'The values of the secrets that it refers to; CONFLICT when one is missing.';

const SecretVariable = builder.inputType('SecretVariableInput', {
  fields: (t) => ({
    name: t.string({ required: true }),
    secret: t.string({ required: true, description: 'By its name.' }),
  }),
});

const SecretFile = builder.inputType('SecretFileInput', {
  fields: (t) => ({
    secret: t.string({ required: true, description: 'By its name.' }),
    path: t.string({ description: '/run/secrets/<name> when null.' }),
    mode: t.int({ description: '256 (0400) when null.' }),
    uid: t.int({ description: "The container's user when null." }),
    gid: t.int(),
  }),
});

const Port = builder.inputType('PublishedPortInput', {
  fields: (t) => ({
    containerPort: t.int({ required: true }),
    protocol: t.string({ description: 'tcp, udp or sctp; tcp when null.' }),
    hostPort: t.int({ description: 'One that is free when null.' }),
    hostAddress: t.string({ description: 'Every address of the host when null.' }),
  }),
});

const MountKind = builder.enumType('MountKind', { values: mountKinds });

const Mount = builder.inputType('MountInput', {
  fields: (t) => ({
    kind: t.field({ type: MountKind, required: true }),
    source: t.string({
      description: 'Path on the host, or name of a volume; a new one without name when null.',
    }),
    target: t.string({ required: true }),
    readOnly: t.boolean(),
    sizeBytes: t.field({ type: 'SafeInt', description: 'Of memory.' }),
  }),
});

const Network = builder.inputType('NetworkAttachmentInput', {
  fields: (t) => ({
    name: t.string({ required: true, description: 'host, none and container:<name> stand alone.' }),
    aliases: t.stringList(),
    ipv4Address: t.string(),
    ipv6Address: t.string(),
  }),
});

const RestartPolicyName = builder.enumType('RestartPolicyName', { values: restartPolicies });

export const RestartPolicyInput = builder.inputType('RestartPolicyInput', {
  fields: (t) => ({
    name: t.field({ type: RestartPolicyName, required: true }),
    maximumRetries: t.int({ description: 'Of ON_FAILURE; without end when null.' }),
  }),
});

export const LimitsInput = builder.inputType('LimitsInput', {
  fields: (t) => ({
    memoryBytes: t.field({ type: 'SafeInt' }),
    memoryReservationBytes: t.field({ type: 'SafeInt' }),
    memorySwapBytes: t.field({ type: 'SafeInt', description: 'With the memory; -1 for no limit.' }),
    cpus: t.float(),
    cpuShares: t.int(),
    cpuset: t.string({ description: 'CPUs by number, such as 0-2,4.' }),
    pids: t.int(),
    shmBytes: t.field({ type: 'SafeInt' }),
  }),
});

const Healthcheck = builder.inputType('HealthcheckInput', {
  fields: (t) => ({
    disabled: t.boolean({ description: "Not even the image's." }),
    test: t.stringList({ description: "CMD and words, or CMD-SHELL and a line; the image's own when null." }),
    intervalMs: t.int(),
    timeoutMs: t.int(),
    startPeriodMs: t.int(),
    retries: t.int(),
  }),
});

const Device = builder.inputType('DeviceInput', {
  fields: (t) => ({
    hostPath: t.string({ required: true }),
    containerPath: t.string(),
    permissions: t.string({ description: 'Of r, w and m.' }),
  }),
});

const Ulimit = builder.inputType('UlimitInput', {
  fields: (t) => ({
    name: t.string({ required: true }),
    soft: t.field({ type: 'SafeInt', required: true }),
    hard: t.field({ type: 'SafeInt', required: true }),
  }),
});

/** The wire's ContainerSpec. */
export const ContainerSpecInput = builder.inputType('ContainerSpecInput', {
  description:
    "A container to be made. What is null is the image's or the engine's own. What reaches beyond the container takes docker:containers:privileged besides.",
  fields: (t) => ({
    image: t.string({ required: true }),
    name: t.string(),
    command: t.stringList(),
    entrypoint: t.stringList({ description: 'Empty for none.' }),
    environment: t.field({ type: [EnvironmentVariableInput] }),
    secretVariables: t.field({ type: [SecretVariable] }),
    secretFiles: t.field({ type: [SecretFile] }),
    labels: t.field({ type: [Pair] }),
    ports: t.field({ type: [Port] }),
    mounts: t.field({ type: [Mount] }),
    networks: t.field({ type: [Network], description: 'The first is its main one.' }),
    restartPolicy: t.field({ type: RestartPolicyInput }),
    limits: t.field({ type: LimitsInput }),
    healthcheck: t.field({ type: Healthcheck }),
    user: t.string(),
    groups: t.stringList(),
    workingDir: t.string(),
    hostname: t.string(),
    domainname: t.string(),
    macAddress: t.string(),
    dns: t.stringList(),
    dnsSearch: t.stringList(),
    dnsOptions: t.stringList(),
    extraHosts: t.stringList({ description: 'name:address.' }),
    publishAllPorts: t.boolean(),
    tty: t.boolean(),
    interactive: t.boolean(),
    init: t.boolean(),
    autoRemove: t.boolean(),
    readOnly: t.boolean({ description: 'Its own file system.' }),
    stopSignal: t.string(),
    stopTimeoutSeconds: t.int(),
    logDriver: t.string(),
    logOptions: t.field({ type: [Pair] }),
    capAdd: t.stringList(),
    capDrop: t.stringList(),
    privileged: t.boolean(),
    securityOptions: t.stringList(),
    devices: t.field({ type: [Device] }),
    gpus: t.int({ description: 'How many graphics cards; -1 for all.' }),
    sysctls: t.field({ type: [Pair] }),
    ulimits: t.field({ type: [Ulimit] }),
    pidMode: t.string(),
    ipcMode: t.string(),
    utsMode: t.string(),
    usernsMode: t.string(),
    cgroupnsMode: t.string(),
    cgroupParent: t.string(),
    runtime: t.string(),
    volumesFrom: t.stringList(),
  }),
});
