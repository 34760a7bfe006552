import type { mountKinds, restartPolicies } from '@serverkit/wire/container-spec.ts';
import { builder } from '../../builder.ts';

const Pair = builder.inputType('KeyValueInput', {
  description: 'A name and its value.',
  fields: (t) => ({
    key: t.string({ required: true, description: 'The name.' }),
    value: t.string({ required: true, description: 'The value; may be empty.' }),
  }),
});

export const EnvironmentVariableInput = builder.inputType('EnvironmentVariableInput', {
  description: 'An environment variable. Its value is passed on and kept nowhere.',
  fields: (t) => ({
    name: t.string({ required: true, description: 'Without blanks and "=".' }),
    value: t.string({ required: true, description: 'Never logged, audited or shown.' }),
  }),
});

const SecretVariable = builder.inputType('SecretVariableInput', {
  description:
    'An environment variable whose value is a secret. Whoever may run commands in the container, or is root on the server, can read it.',
  fields: (t) => ({
    name: t.string({ required: true, description: 'Of the variable, without blanks and "=".' }),
    secret: t.string({ required: true, description: 'The secret, by its name.' }),
  }),
});

const SecretFile = builder.inputType('SecretFileInput', {
  description:
    'A file in the container whose content is a secret. It lies in the file system of the container alone, and goes with it.',
  fields: (t) => ({
    gid: t.int({ description: "Its group, as a number; that of the container's user when absent." }),
    mode: t.int({ description: 'Its permissions as a number, at most 511 (0777); 256 (0400) when absent.' }),
    path: t.string({ description: 'Where it is inside; /run/secrets/<name> when absent.' }),
    secret: t.string({ required: true, description: 'The secret, by its name.' }),
    uid: t.int({ description: "Its owner, as a number; the container's user when absent." }),
  }),
});

const Port = builder.inputType('PublishedPortInput', {
  description: 'A port of a container that the host opens.',
  fields: (t) => ({
    containerPort: t.int({ required: true, description: 'Inside the container.' }),
    hostAddress: t.string({ description: 'The address of the host; all of them when absent.' }),
    hostPort: t.int({ description: 'On the host; one that is free when absent.' }),
    protocol: t.string({ description: 'tcp, udp or sctp; tcp when absent.' }),
  }),
});

const MountKind = builder.enumType('MountKind', {
  description: 'What a mount brings into a container.',
  values: {
    BIND: { description: 'A path of the host. Takes docker:containers:privileged.' },
    TMPFS: { description: 'Memory, lost when it stops.' },
    VOLUME: { description: 'A volume of Docker.' },
  } as const satisfies Record<(typeof mountKinds)[number], object>,
});

const Mount = builder.inputType('MountInput', {
  description: 'A part of its file system that comes from outside of it.',
  fields: (t) => ({
    kind: t.field({ type: MountKind, required: true, description: 'What it is.' }),
    readOnly: t.boolean({ description: 'Whether the container cannot write to it.' }),
    sizeBytes: t.field({ type: 'SafeInt', description: 'Of memory at most.' }),
    source: t.string({
      description: 'The path on the host, or the name of the volume; a new one without name when absent.',
    }),
    target: t.string({ required: true, description: 'Where it is inside the container.' }),
  }),
});

const Network = builder.inputType('NetworkAttachmentInput', {
  description: 'A network that a container joins.',
  fields: (t) => ({
    aliases: t.stringList({ description: 'Names it has there besides its own.' }),
    ipv4Address: t.string({ description: 'An address of its own.' }),
    ipv6Address: t.string({ description: 'An address of its own.' }),
    name: t.string({ required: true, description: 'host, none and container:<name> stand alone.' }),
  }),
});

const RestartPolicyName = builder.enumType('RestartPolicyName', {
  description: 'When Docker starts a container again by itself.',
  values: {
    ALWAYS: { description: 'Whenever it ends, and when Docker starts.' },
    NO: { description: 'Never.' },
    ON_FAILURE: { description: 'When it ends with another exit code than 0.' },
    UNLESS_STOPPED: { description: 'As ALWAYS, but not when it was stopped by hand before Docker started.' },
  } as const satisfies Record<(typeof restartPolicies)[number], object>,
});

export const RestartPolicyInput = builder.inputType('RestartPolicyInput', {
  description: 'When Docker starts it again by itself.',
  fields: (t) => ({
    maximumRetries: t.int({ description: 'With ON_FAILURE; without end when absent.' }),
    name: t.field({ type: RestartPolicyName, required: true, description: 'The rule.' }),
  }),
});

export const LimitsInput = builder.inputType('ContainerLimitsInput', {
  description: 'What a container may use at most. What is absent is not limited, or stays as it is.',
  fields: (t) => ({
    cpus: t.float({ description: 'CPUs at once; 0.5 is half of one.' }),
    cpuset: t.string({ description: 'On which CPUs it may run, such as 0-2,4.' }),
    cpuShares: t.int({ description: 'Its weight when CPUs are short; others have 1024.' }),
    memoryBytes: t.field({ type: 'SafeInt', description: 'At least 6 MiB.' }),
    memoryReservationBytes: t.field({
      type: 'SafeInt',
      description: 'What it is held to when memory is short.',
    }),
    memorySwapBytes: t.field({
      type: 'SafeInt',
      description: 'Memory and swap together; -1 for swap without limit.',
    }),
    pids: t.int({ description: 'Processes and threads.' }),
    shmBytes: t.field({ type: 'SafeInt', description: 'Of /dev/shm; only when it is made.' }),
  }),
});

const Healthcheck = builder.inputType('HealthcheckInput', {
  description: 'How Docker finds out whether a container works.',
  fields: (t) => ({
    disabled: t.boolean({ description: "Not even the image's own." }),
    intervalMs: t.int({ description: 'Between two checks, in milliseconds.' }),
    retries: t.int({ description: 'So many failures in a row are unhealthy.' }),
    startPeriodMs: t.int({ description: 'Failures count for nothing so long, in milliseconds.' }),
    test: t.stringList({
      description: "CMD and the words of a command, or CMD-SHELL and a line; the image's own when absent.",
    }),
    timeoutMs: t.int({ description: 'Of one check, in milliseconds.' }),
  }),
});

const Device = builder.inputType('DeviceInput', {
  description: 'A device of the host. Takes docker:containers:privileged.',
  fields: (t) => ({
    containerPath: t.string({ description: 'Inside; as on the host when absent.' }),
    hostPath: t.string({ required: true, description: 'Such as /dev/ttyUSB0.' }),
    permissions: t.string({ description: 'Of r, w and m (make); all when absent.' }),
  }),
});

const Ulimit = builder.inputType('UlimitInput', {
  description: 'A limit of each process, as ulimit sets it; -1 for none.',
  fields: (t) => ({
    hard: t.field({ type: 'SafeInt', required: true, description: 'As far as it may be raised.' }),
    name: t.string({ required: true, description: 'Such as nofile.' }),
    soft: t.field({ type: 'SafeInt', required: true, description: 'What counts at first.' }),
  }),
});

const privileged = 'Takes docker:containers:privileged.';
const unlessHarmless = `Beyond what every container has: ${privileged.toLowerCase()}`;

export const ContainerSpecInput = builder.inputType('ContainerSpecInput', {
  description:
    'A container to be made. What is absent is as the image or Docker has it. What reaches beyond the container (paths and namespaces of the host, devices, capabilities, …) takes docker:containers:privileged, which the agent judges.',
  fields: (t) => ({
    autoRemove: t.boolean({ description: 'Whether it is removed when it stops.' }),
    capAdd: t.stringList({ description: unlessHarmless }),
    capDrop: t.stringList({ description: 'Capabilities that it does not get; ALL for none at all.' }),
    cgroupnsMode: t.string({ description: 'host or private.' }),
    cgroupParent: t.string({ description: privileged }),
    command: t.stringList({
      description: "What the entry point is given, word by word; the image's own when absent.",
    }),
    devices: t.field({ type: [Device], description: privileged }),
    dns: t.stringList({ description: 'Addresses of name servers.' }),
    dnsOptions: t.stringList({ description: 'Options of resolv.conf.' }),
    dnsSearch: t.stringList({ description: 'Domains that names are looked for in.' }),
    domainname: t.string({ description: 'The domain of its host name.' }),
    entrypoint: t.stringList({ description: "Word by word; empty for none; the image's own when absent." }),
    environment: t.field({ type: [EnvironmentVariableInput], description: 'Besides those of the image.' }),
    extraHosts: t.stringList({
      description: 'Lines of /etc/hosts as name:address; host-gateway is the host.',
    }),
    gpus: t.int({ description: `How many graphics cards, -1 for all. ${privileged}` }),
    groups: t.stringList({ description: 'More groups for its main process.' }),
    healthcheck: t.field({ type: Healthcheck, description: "The image's own when absent." }),
    hostname: t.string({ description: 'The name it gives itself; a part of its id when absent.' }),
    image: t.string({ required: true, description: 'Such as registry.example/team/app:1.2.' }),
    init: t.boolean({ description: 'Whether a small init reaps its processes.' }),
    interactive: t.boolean({ description: 'Whether standard input stays open.' }),
    ipcMode: t.string({ description: 'none, private, shareable, host or container:<name>.' }),
    labels: t.field({ type: [Pair], description: 'Besides those of the image.' }),
    limits: t.field({ type: LimitsInput, description: 'What it may use at most.' }),
    logDriver: t.string({ description: 'Such as json-file or local.' }),
    logOptions: t.field({ type: [Pair], description: 'Of the log driver, such as max-size.' }),
    macAddress: t.string({ description: 'In its main network.' }),
    mounts: t.field({ type: [Mount], description: 'Volumes, memory and paths of the host.' }),
    name: t.string({ description: 'One that Docker makes up when absent.' }),
    networks: t.field({ type: [Network], description: 'The first is its main one; the bridge when absent.' }),
    pidMode: t.string({ description: privileged }),
    ports: t.field({ type: [Port], description: 'Those the host opens.' }),
    privileged: t.boolean({ description: `Every right of root on the host. ${privileged}` }),
    publishAllPorts: t.boolean({ description: 'Whether the host opens every port the image names.' }),
    readOnly: t.boolean({ description: 'Whether its own file system cannot be written to.' }),
    restartPolicy: t.field({ type: RestartPolicyInput, description: 'Never when absent.' }),
    runtime: t.string({ description: `Another program to run it. ${privileged}` }),
    secretFiles: t.field({
      type: [SecretFile],
      description: 'Files that are secrets. Takes secrets:use.',
    }),
    secretVariables: t.field({
      type: [SecretVariable],
      description: 'Variables whose values are secrets. Takes secrets:use.',
    }),
    securityOptions: t.stringList({
      description: 'no-new-privileges; everything else takes docker:containers:privileged.',
    }),
    stopSignal: t.string({ description: 'What asks it to end, such as SIGINT.' }),
    stopTimeoutSeconds: t.int({ description: 'How long it may take to end before it is killed.' }),
    sysctls: t.field({ type: [Pair], description: 'Settings of the kernel for it alone.' }),
    tty: t.boolean({ description: 'Whether it has a terminal.' }),
    ulimits: t.field({ type: [Ulimit], description: 'Limits of each of its processes.' }),
    user: t.string({ description: "user or user:group; the image's own when absent." }),
    usernsMode: t.string({ description: privileged }),
    utsMode: t.string({ description: privileged }),
    volumesFrom: t.stringList({ description: `Containers whose mounts it gets. ${privileged}` }),
    workingDir: t.string({ description: 'Where its main process starts.' }),
  }),
});
