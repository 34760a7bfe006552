import type { StoredSample } from '../../api/src/metrics/sample.ts';
import type { Machine } from './machine.ts';

/** What `serverkit-agent status --json` tells, as far as tests look. */
export interface AgentStatus {
  readonly running: boolean;
  readonly pid: number;
  readonly supervisor: string;
  readonly docker: { readonly available: boolean; readonly error: string | null };
  readonly link: { readonly state: string };
  readonly ring: readonly StoredSample[];
}

const parseStatus: (text: string) => AgentStatus = JSON.parse;

/** Asks the agent on the machine itself, with every sample it keeps. */
export const agentStatus = async (machine: Machine): Promise<AgentStatus> =>
  parseStatus(await machine.exec('serverkit-agent', 'status', '--json', '--ring'));
