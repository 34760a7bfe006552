import { parseDocument } from 'yaml';
import { flags, lists, pullPolicies, texts } from './compose-names.ts';
import { ComposeReader } from './compose-reader.ts';
import { array, mapping, without, type Mapping } from './compose-values.ts';
import { bytesOf, durationOf } from './quantities.ts';
import {
  deviceOf,
  extraHostOf,
  mountKinds,
  portsOf,
  restartPolicyOf,
  signalOf,
  tmpfsOf,
  volumeOf,
} from './short-forms.ts';
import {
  PasteError,
  type Found,
  type Healthcheck,
  type Limits,
  type Mount,
  type Network,
  type Port,
  type Spec,
} from './spec.ts';

/** A Compose file, taken apart. */
export interface ComposeFile {
  /** The names of its services that have an image or are built. */
  readonly services: readonly string[];
  /** @throws PasteError services */
  read(service: string): Found;
}

/** @throws PasteError yaml, services */
export function composeFile(text: string): ComposeFile {
  const document = parseDocument(text, { merge: true, schema: 'core' });
  const [error] = document.errors;
  if (error) throw new PasteError('yaml', error.message.split('\n')[0] ?? '');
  let file: unknown;
  try {
    // Aliases of aliases grow without bound.
    file = document.toJS({ maxAliasCount: 100 });
  } catch (cause) {
    throw new PasteError('yaml', cause instanceof Error ? cause.message : '');
  }
  const root = mapping(file);
  // A single service is pasted without its file as well.
  const services =
    root['services'] === undefined && root['image'] !== undefined ? { app: root } : mapping(root['services']);
  const names = Object.keys(services);
  if (names.length === 0) throw new PasteError('services');
  return {
    services: names,
    read(name) {
      if (!Object.hasOwn(services, name)) throw new PasteError('services');
      return new Service(mapping(services[name]), root).found();
    },
  };
}

/** Reads one service; what it does not understand, it leaves. */
class Service {
  readonly #given: Mapping;
  readonly #root: Mapping;
  readonly #spec: Spec = { image: '' };
  readonly #limits: Limits = {};
  readonly #read = new ComposeReader();
  #pull: Found['pull'] = null;

  constructor(given: Mapping, root: Mapping) {
    this.#given = given;
    this.#root = root;
  }

  found(): Found {
    for (const [key, value] of Object.entries(this.#given)) {
      if (value === null || value === undefined) continue;
      if (!this.#take(key, value)) this.#read.left.push(key);
    }
    if (Object.keys(this.#limits).length > 0) this.#spec.limits = this.#limits;
    return { spec: this.#spec, start: true, pull: this.#pull, left: this.#read.left };
  }

  /** Answers whether the key has a place here. */
  #take(key: string, value: unknown): boolean {
    const spec = this.#spec;
    switch (key) {
      case 'image':
        spec.image = this.#read.text(value);
        return true;
      case 'container_name':
        spec.name = this.#read.text(value);
        return true;
      case 'command':
        spec.command = this.#read.words(value);
        return true;
      case 'entrypoint':
        spec.entrypoint = this.#read.words(value);
        return true;
      case 'environment':
        spec.environment = this.#read.environment(value);
        return true;
      case 'labels':
        spec.labels = this.#read.pairs(value);
        return true;
      case 'sysctls':
        spec.sysctls = this.#read.pairs(value);
        return true;
      case 'ports':
        return this.#ports(value);
      case 'volumes':
        return this.#volumes(value);
      case 'tmpfs':
        this.#addMounts(this.#read.list(value).map((one) => this.#read.part(key, tmpfsOf(one))));
        return true;
      case 'networks':
        spec.networks = this.#networks(value);
        return true;
      case 'network_mode':
        spec.networks = [{ name: this.#read.text(value) }];
        return this.#read.text(value).startsWith('service:') ? ((spec.networks = undefined), false) : true;
      case 'restart': {
        const policy = restartPolicyOf(this.#read.text(value));
        if (policy) spec.restartPolicy = policy;
        return policy !== null;
      }
      case 'healthcheck':
        return this.#healthcheck(mapping(value));
      case 'deploy':
        return this.#deploy(mapping(value));
      case 'mem_limit':
        return this.#limit('memoryBytes', bytesOf(this.#read.text(value)));
      case 'mem_reservation':
        return this.#limit('memoryReservationBytes', bytesOf(this.#read.text(value)));
      case 'memswap_limit':
        return this.#limit(
          'memorySwapBytes',
          this.#read.text(value) === '-1' ? -1 : bytesOf(this.#read.text(value)),
        );
      case 'shm_size':
        return this.#limit('shmBytes', bytesOf(this.#read.text(value)));
      case 'cpus':
        return this.#limit('cpus', this.#read.number(value));
      case 'cpu_shares':
        return this.#limit('cpuShares', this.#read.number(value));
      case 'pids_limit':
        return this.#limit('pids', this.#read.number(value));
      case 'cpuset':
        this.#limits.cpuset = this.#read.text(value);
        return true;
      case 'logging': {
        const { driver, options, ...others } = mapping(value);
        if (driver !== undefined) spec.logDriver = this.#read.text(driver);
        if (options !== undefined) spec.logOptions = this.#read.pairs(options);
        this.#read.leave(key, others);
        return true;
      }
      case 'ulimits':
        spec.ulimits = Object.entries(mapping(value)).flatMap(([name, one]) => {
          const soft = this.#read.number(mapping(one)['soft'] ?? one);
          const hard = this.#read.number(mapping(one)['hard'] ?? one);
          if (soft !== null && hard !== null) return [{ name, soft, hard }];
          this.#read.left.push(`ulimits.${name}`);
          return [];
        });
        return true;
      case 'devices': {
        const devices = this.#read.list(value).map(deviceOf);
        spec.devices = devices.filter((device) => device !== null);
        return devices.every((device) => device !== null);
      }
      case 'extra_hosts':
        spec.extraHosts = Array.isArray(value)
          ? this.#read.list(value).map(extraHostOf)
          : Object.entries(mapping(value)).flatMap(([name, address]) =>
              this.#read.list(address).map((one) => `${name}:${one}`),
            );
        return true;
      case 'stop_signal':
        spec.stopSignal = signalOf(this.#read.text(value));
        return true;
      case 'stop_grace_period': {
        const ms = durationOf(this.#read.text(value));
        if (ms !== null) spec.stopTimeoutSeconds = Math.ceil(ms / 1000);
        return ms !== null;
      }
      case 'pull_policy': {
        const policy = pullPolicies[this.#read.text(value)];
        if (policy) this.#pull = policy;
        return policy !== undefined;
      }
      case 'gpus':
        if (value === 'all') spec.gpus = -1;
        return value === 'all';
      default:
        return this.#plain(key, value);
    }
  }

  /** What is the same here by another name. */
  #plain(key: string, value: unknown): boolean {
    const text = texts[key];
    if (text) this.#spec[text] = this.#read.text(value);
    const list = lists[key];
    if (list) this.#spec[list] = this.#read.list(value);
    const flag = flags[key];
    const on = flag ? this.#read.flag(value) : null;
    if (flag && on !== null) this.#spec[flag] = on;
    return Boolean(text ?? list ?? (on !== null && flag));
  }

  #limit(name: Exclude<keyof Limits, 'cpuset'>, value: number | null): boolean {
    if (value !== null && (value > 0 || name === 'memorySwapBytes')) this.#limits[name] = value;
    return value !== null;
  }

  #deploy({ resources, ...others }: Mapping): boolean {
    const { limits, reservations, ...unknown } = mapping(resources);
    const { cpus, memory, pids, ...otherLimits } = mapping(limits);
    const { memory: reserved, devices, ...otherReservations } = mapping(reservations);
    if (devices !== undefined && !this.#gpus(devices))
      this.#read.left.push('deploy.resources.reservations.devices');
    const size = (given: unknown): number | null => bytesOf(this.#read.text(given));
    for (const [key, name, given, read] of [
      ['limits.cpus', 'cpus', cpus, (amount: unknown) => this.#read.number(amount)],
      ['limits.memory', 'memoryBytes', memory, size],
      ['limits.pids', 'pids', pids, (amount: unknown) => this.#read.number(amount)],
      ['reservations.memory', 'memoryReservationBytes', reserved, size],
    ] as const) {
      if (given !== undefined && !this.#limit(name, read(given)))
        this.#read.left.push(`deploy.resources.${key}`);
    }
    this.#read.leave('deploy', others);
    this.#read.leave('deploy.resources', unknown);
    this.#read.leave('deploy.resources.limits', otherLimits);
    this.#read.leave('deploy.resources.reservations', otherReservations);
    return true;
  }

  /** As Compose has them; other devices, and those chosen one by one, have no place here. */
  #gpus(value: unknown): boolean {
    const [device, ...more] = array(value).map(mapping);
    if (!device || more.length > 0) return false;
    const { driver, count, capabilities, ...others } = device;
    const plain = (driver === undefined || driver === 'nvidia') && Object.keys(others).length === 0;
    if (!plain || this.#read.list(capabilities).join() !== 'gpu') return false;
    const many = count === undefined || count === 'all' ? -1 : this.#read.number(count);
    if (many === null) return false;
    this.#spec.gpus = many;
    return true;
  }

  #healthcheck({
    test,
    interval,
    timeout,
    retries,
    start_period: grace,
    disable,
    ...others
  }: Mapping): boolean {
    const check: Healthcheck = {};
    if (
      (disable !== undefined && this.#read.flag(disable) === true) ||
      (Array.isArray(test) && test[0] === 'NONE') ||
      test === 'NONE'
    ) {
      this.#spec.healthcheck = { disabled: true };
      return true;
    }
    if (typeof test === 'string') check.test = ['CMD-SHELL', this.#read.text(test)];
    else if (Array.isArray(test)) check.test = this.#read.list(test);
    for (const [name, key, given] of [
      ['intervalMs', 'interval', interval],
      ['timeoutMs', 'timeout', timeout],
      ['startPeriodMs', 'start_period', grace],
    ] as const) {
      if (given === undefined) continue;
      const ms = durationOf(this.#read.text(given));
      if (ms === null) this.#read.left.push(`healthcheck.${key}`);
      // Docker's default, which is what is there when nothing is said.
      else if (ms > 0) check[name] = ms;
    }
    const times = retries === undefined ? 0 : this.#read.number(retries);
    if (times === null) this.#read.left.push('healthcheck.retries');
    else if (times > 0) check.retries = times;
    if (disable !== undefined && this.#read.flag(disable) === null)
      this.#read.left.push('healthcheck.disable');
    this.#read.leave('healthcheck', others);
    if (Object.keys(check).length > 0) this.#spec.healthcheck = check;
    return true;
  }

  #ports(value: unknown): boolean {
    const ports = array(value).map((one) => this.#portsOf(one));
    this.#spec.ports = ports.flatMap((found) => found ?? []);
    return ports.every((found) => found !== null);
  }

  #portsOf(one: unknown): Port[] | null {
    if (typeof one !== 'object') return portsOf(this.#read.text(one));
    const { target, published, host_ip: address, protocol, ...others } = mapping(one);
    this.#read.leave('ports', without(others, ['mode', 'name', 'app_protocol']));
    const outside = published === undefined ? '' : `${this.#read.text(published)}:`;
    const kind = protocol === undefined ? '' : `/${this.#read.text(protocol)}`;
    const ports = portsOf(`${outside}${this.#read.text(target)}${kind}`);
    if (address !== undefined) for (const port of ports ?? []) port.hostAddress = this.#read.text(address);
    return ports;
  }

  #volumes(value: unknown): boolean {
    const mounts = array(value).map((one) => this.#mount(one));
    this.#addMounts(mounts.filter((mount) => mount !== null));
    return mounts.every((mount) => mount !== null);
  }

  #mount(one: unknown): Mount | null {
    if (typeof one !== 'object') {
      const found = volumeOf(this.#read.text(one));
      return found && this.#read.part('volumes', found);
    }
    const { type, source, target, read_only: readOnly, tmpfs, ...others } = mapping(one);
    this.#read.leave('volumes', others);
    const kind = mountKinds[this.#read.text(type)];
    if (!kind || target === undefined) return null;
    const { size } = mapping(tmpfs);
    const sizeBytes = size === undefined ? null : bytesOf(this.#read.text(size));
    if (size !== undefined && sizeBytes === null) this.#read.left.push('volumes.tmpfs.size');
    const locked = readOnly === undefined ? false : this.#read.flag(readOnly);
    if (locked === null) this.#read.left.push('volumes.read_only');
    return {
      kind,
      ...(source !== undefined && { source: this.#read.text(source) }),
      target: this.#read.text(target),
      ...(locked === true && { readOnly: true }),
      ...(sizeBytes && { sizeBytes }),
    };
  }

  #addMounts(mounts: readonly Mount[]): void {
    for (const mount of mounts) {
      if (mount.kind === 'VOLUME' && mount.source) mount.source = this.#outer('volumes', mount.source);
      (this.#spec.mounts ??= []).push(mount);
    }
  }

  #networks(value: unknown): Network[] {
    if (Array.isArray(value))
      return this.#read.list(value).map((name) => ({ name: this.#outer('networks', name) }));
    return Object.entries(mapping(value)).map(([name, given]) => this.#network(name, mapping(given)));
  }

  #network(name: string, { aliases, ipv4_address: ipv4, ipv6_address: ipv6, ...others }: Mapping): Network {
    this.#read.leave(`networks.${name}`, others);
    return {
      name: this.#outer('networks', name),
      ...(aliases !== undefined && { aliases: this.#read.list(aliases) }),
      ...(ipv4 !== undefined && { ipv4Address: this.#read.text(ipv4) }),
      ...(ipv6 !== undefined && { ipv6Address: this.#read.text(ipv6) }),
    };
  }

  /** What the file calls it need not be its name in Docker. */
  #outer(section: 'volumes' | 'networks', name: string): string {
    const given = mapping(mapping(this.#root[section])[name])['name'];
    return typeof given === 'string' ? this.#read.text(given) : name;
  }
}
