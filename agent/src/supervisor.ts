import type { Supervisor } from './system/facts.ts';

/**
 * What started this process and will start it again. systemd gives each run of a unit an id (systemd.exec(5)); the script
 * for hosts without systemd says so itself.
 */
export function supervisorOf(env: NodeJS.ProcessEnv, parentPid: number): Supervisor {
  if (env['SERVERKIT_SUPERVISOR'] === 'script') return 'script';
  return env['INVOCATION_ID'] !== undefined && parentPid === 1 ? 'systemd' : 'none';
}
