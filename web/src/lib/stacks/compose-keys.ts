/** What is written behind a key: on its own line, or below it. */
export type KeyForm = 'value' | 'map' | 'list';

type Keys = Readonly<Record<string, KeyForm>>;

const keys = (forms: Partial<Record<KeyForm, string>>): Keys =>
  Object.fromEntries(
    (['value', 'map', 'list'] as const).flatMap((form) =>
      (forms[form] ?? '')
        .split(/\s+/)
        .filter(Boolean)
        .map((key) => [key, form]),
    ),
  );

const resources = keys({ value: 'cpus memory', list: 'devices' });

/**
 * Keys of a Compose file by where they stand; `*` is any name.
 *
 * @see https://github.com/compose-spec/compose-spec/blob/main/spec.md
 */
const tables: Readonly<Record<string, Keys>> = {
  '': keys({ value: 'name version', map: 'services networks volumes configs secrets', list: 'include' }),
  'include.[]': keys({ value: 'path project_directory env_file' }),
  'services.*': keys({
    value:
      'attach cgroup cgroup_parent command container_name cpu_count cpu_percent cpu_period cpu_quota cpu_rt_period cpu_rt_runtime cpu_shares cpus cpuset domainname entrypoint hostname image init ipc isolation mac_address mem_limit mem_reservation mem_swappiness memswap_limit network_mode oom_kill_disable oom_score_adj pid pids_limit platform privileged pull_policy read_only restart runtime scale shm_size stdin_open stop_grace_period stop_signal tty user userns_mode uts working_dir',
    map: 'annotations blkio_config build credential_spec depends_on deploy develop environment extends extra_hosts healthcheck labels logging networks storage_opt sysctls ulimits',
    list: 'cap_add cap_drop configs device_cgroup_rules devices dns dns_opt dns_search env_file expose external_links group_add links ports profiles secrets security_opt tmpfs volumes volumes_from',
  }),
  'services.*.build': keys({
    value: 'context dockerfile dockerfile_inline isolation network no_cache privileged pull shm_size target',
    map: 'additional_contexts args extra_hosts labels ulimits',
    list: 'cache_from cache_to entitlements platforms secrets ssh tags',
  }),
  'services.*.blkio_config': keys({
    value: 'weight',
    list: 'device_read_bps device_read_iops device_write_bps device_write_iops weight_device',
  }),
  'services.*.depends_on.*': keys({ value: 'condition required restart' }),
  'services.*.deploy': keys({
    value: 'endpoint_mode mode replicas',
    map: 'labels placement resources restart_policy rollback_config update_config',
  }),
  'services.*.deploy.placement': keys({ value: 'max_replicas_per_node', list: 'constraints preferences' }),
  'services.*.deploy.resources': keys({ map: 'limits reservations' }),
  'services.*.deploy.resources.limits': { ...resources, pids: 'value' },
  'services.*.deploy.resources.reservations': resources,
  'services.*.deploy.restart_policy': keys({ value: 'condition delay max_attempts window' }),
  'services.*.deploy.update_config': keys({
    value: 'delay failure_action max_failure_ratio monitor order parallelism',
  }),
  'services.*.deploy.rollback_config': keys({
    value: 'delay failure_action max_failure_ratio monitor order parallelism',
  }),
  'services.*.develop': keys({ list: 'watch' }),
  'services.*.env_file.[]': keys({ value: 'format path required' }),
  'services.*.extends': keys({ value: 'file service' }),
  'services.*.healthcheck': keys({
    value: 'disable interval retries start_interval start_period test timeout',
  }),
  'services.*.logging': keys({ value: 'driver', map: 'options' }),
  'services.*.networks.*': keys({
    value: 'gw_priority interface_name ipv4_address ipv6_address mac_address priority',
    list: 'aliases link_local_ips',
    map: 'driver_opts',
  }),
  'services.*.ports.[]': keys({ value: 'app_protocol host_ip mode name protocol published target' }),
  'services.*.volumes.[]': keys({
    value: 'consistency read_only source target type',
    map: 'bind image tmpfs volume',
  }),
  'services.*.volumes.[].bind': keys({ value: 'create_host_path propagation recursive selinux' }),
  'services.*.volumes.[].volume': keys({ value: 'nocopy subpath' }),
  'services.*.volumes.[].tmpfs': keys({ value: 'mode size' }),
  'services.*.secrets.[]': keys({ value: 'gid mode source target uid' }),
  'services.*.configs.[]': keys({ value: 'gid mode source target uid' }),
  'networks.*': keys({
    value: 'attachable driver enable_ipv4 enable_ipv6 external internal name',
    map: 'driver_opts ipam labels',
  }),
  'networks.*.ipam': keys({ value: 'driver', list: 'config', map: 'options' }),
  'networks.*.ipam.config.[]': keys({ value: 'gateway ip_range subnet', map: 'aux_addresses' }),
  'volumes.*': keys({ value: 'driver external name', map: 'driver_opts labels' }),
  'configs.*': keys({ value: 'content environment external file name' }),
  'secrets.*': keys({ value: 'environment external file name' }),
};

const yesOrNo = ['true', 'false'];
const services = 'services';

/** What may stand behind a key; the name of a top key stands for what the file has below it. */
const values: Readonly<Record<string, readonly string[] | 'services' | 'networks' | 'secrets' | 'configs'>> =
  {
    'services.*.attach': yesOrNo,
    'services.*.depends_on.[]': services,
    'services.*.depends_on.*': services,
    'services.*.depends_on.*.condition': [
      'service_started',
      'service_healthy',
      'service_completed_successfully',
    ],
    'services.*.depends_on.*.required': yesOrNo,
    'services.*.depends_on.*.restart': yesOrNo,
    'services.*.deploy.mode': ['replicated', 'global'],
    'services.*.deploy.restart_policy.condition': ['none', 'on-failure', 'any'],
    'services.*.extends.service': services,
    'services.*.healthcheck.disable': yesOrNo,
    'services.*.init': yesOrNo,
    'services.*.ipc': ['private', 'shareable', 'none'],
    'services.*.links.[]': services,
    'services.*.logging.driver': ['json-file', 'local', 'journald', 'syslog', 'none'],
    'services.*.network_mode': ['bridge', 'none'],
    'services.*.networks.[]': 'networks',
    'services.*.networks.*': 'networks',
    'services.*.ports.[].protocol': ['tcp', 'udp'],
    'services.*.pull_policy': ['always', 'missing', 'never', 'build'],
    'services.*.read_only': yesOrNo,
    'services.*.restart': ['no', 'always', 'on-failure', 'unless-stopped'],
    'services.*.secrets.[]': 'secrets',
    'services.*.configs.[]': 'configs',
    'services.*.stdin_open': yesOrNo,
    'services.*.tty': yesOrNo,
    'services.*.volumes.[].read_only': yesOrNo,
    'services.*.volumes.[].type': ['volume', 'bind', 'tmpfs', 'image'],
    'networks.*.attachable': yesOrNo,
    'networks.*.driver': ['bridge', 'macvlan', 'ipvlan', 'overlay'],
    'networks.*.external': yesOrNo,
    'networks.*.internal': yesOrNo,
    'volumes.*.driver': ['local'],
    'volumes.*.external': yesOrNo,
    'secrets.*.external': yesOrNo,
    'configs.*.external': yesOrNo,
  };

/** In the table a name that people choose is `*`. */
const fits = (pattern: string, path: readonly string[]): boolean => {
  const parts = pattern === '' ? [] : pattern.split('.');
  return (
    parts.length === path.length &&
    parts.every((part, index) => (part === '*' ? path[index] !== '[]' : part === path[index]))
  );
};

function at<Value>(table: Readonly<Record<string, Value>>, path: readonly string[]): Value | undefined {
  return Object.entries(table).find(([pattern]) => fits(pattern, path))?.[1];
}

/** Keys that may stand in the map at this path. */
export const keysAt = (path: readonly string[]): Keys => at(tables, path) ?? {};

/** Values that may stand at this path: for a name that is chosen elsewhere, the section it is chosen in. */
export const valuesAt = (path: readonly string[]): readonly string[] | string => at(values, path) ?? [];
