import { readFileSync } from 'node:fs';
import {
  DeployStackToManyDocument,
  PlanFleetDeploymentDocument,
  type PlanFleetDeploymentQuery,
} from '../../src/node.ts';
import { flag, text, type Command } from '../command.ts';
import { Failure, usage } from '../failure.ts';
import { chosenServers, manyHelp, manyOptions, manyUsage, onFailureOf, onMany, parallelOf } from '../many.ts';

type Plan = PlanFleetDeploymentQuery['planFleetDeployment'][number];

export const deploy: Command = {
  usage: `deploy STACK --file compose.yaml [--env-file .env] ${manyUsage}`,
  summary: 'deploy a stack to servers, after telling what that does on each',
  help: `${manyHelp}

After a failure the others are not begun, unless --keep-going is given. --pull looks for newer images first.`,
  options: {
    ...manyOptions,
    file: { type: 'string', short: 'f' },
    'env-file': { type: 'string' },
    'keep-going': { type: 'boolean' },
    pull: { type: 'boolean' },
  },
  async run(run) {
    const [name, ...more] = run.positionals;
    const file = text(run, 'file');
    if (name === undefined || file === undefined || more.length > 0) {
      throw usage(`Write: serverkit ${this.usage}.`);
    }
    const parallel = parallelOf(run, 1);
    const envFile = text(run, 'env-file');
    const files = { compose: read(file), env: envFile === undefined ? '' : read(envFile) };
    const client = run.client();
    const servers = await chosenServers(run, client);
    const serverIds = servers.map(({ id }) => id);
    const { planFleetDeployment: plans } = await client.request(
      PlanFleetDeploymentDocument,
      { input: { serverIds, name, files } },
      { signal: run.signal },
    );
    const planned = plans.map((plan) => ({
      server: servers.find(({ id }) => id === plan.serverId) ?? { id: plan.serverId, name: plan.serverId },
      ...judged(plan),
    }));
    await onMany(run, client, planned, async (chosen) => {
      const baseVersions = plans.flatMap(({ serverId, plan }) =>
        plan?.version && chosen.includes(serverId) ? [{ serverId, version: plan.version }] : [],
      );
      const { deployStackToMany } = await client.request(DeployStackToManyDocument, {
        input: {
          serverIds: [...chosen],
          name,
          files,
          baseVersions,
          parallel,
          pull: flag(run, 'pull'),
          onFailure: onFailureOf(flag(run, 'keep-going')),
        },
      });
      return deployStackToMany.job.id;
    });
  },
};

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new Failure(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** What it would do on a server, or what stands against that, in a line. */
function judged({ plan, error }: Plan): { readonly ok: boolean; readonly what: string } {
  if (!plan) return { ok: false, what: error?.message ?? 'There is no plan.' };
  const [problem] = plan.problems;
  if (problem) {
    return {
      ok: false,
      what: problem.line === null ? problem.message : `line ${problem.line}: ${problem.message}`,
    };
  }
  if (plan.denied !== null)
    return { ok: false, what: `The server denies the path ${plan.denied} to everybody.` };
  const changes = plan.services.filter(({ action }) => action !== 'NONE');
  const what = changes.map(({ service, action }) => `${service}: ${action.toLowerCase()}`).join(', ');
  const beyond = [...new Set(plan.privileged.map(({ option }) => option))].join(', ');
  const words = what || 'nothing changes';
  return { ok: true, what: beyond === '' ? words : `${words}; reaches beyond its containers: ${beyond}` };
}
