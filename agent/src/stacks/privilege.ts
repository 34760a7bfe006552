import { isRecord } from '@serverkit/wire/compose-file.ts';
import { object, text, texts } from '../docker/json.ts';
import type { Engine } from '../docker/engine.ts';
import { createGuard, defaultsOf, type Verdict } from '../docker/privilege/guard.ts';
import { judgeStack } from './judge.ts';
import type { Normalised } from './normalise.ts';

export interface StackJudgement extends Verdict {
  /** Whether it has images built from folders of its own. */
  readonly builds: boolean;
}

/**
 * What a stack may reach beyond its containers: by its file, and by the volumes and networks that are there already under
 * the names that it uses, which somebody may have made to be more than they seem.
 *
 * @throws AgentError when the engine does not answer
 */
export async function judgePrivilege(
  engine: Pick<Engine, 'get'>,
  stack: Normalised,
): Promise<StackJudgement> {
  const defaults = defaultsOf(object(await engine.get('/info')));
  const { outside, paths, builds } = judgeStack(stack, defaults);
  const services = [...stack.services.values()];
  const named = (key: string): string[] =>
    services.flatMap((service) => (Array.isArray(service[key]) ? texts(service[key]) : []));
  const modes = services
    .map((service) => text(service['network_mode']))
    .filter((mode) => !/^(none|host)?$|:/.test(mode));
  const found = await createGuard(engine).request({
    HostConfig: {
      // What its options say of themselves is judged above; here, the paths that they open.
      Privileged: services.some((service) => service['privileged'] === true),
      PidMode: services.some((service) => service['pid'] === 'host') ? 'host' : '',
      CapAdd: named('cap_add'),
      VolumesFrom: named('volumes_from').flatMap((one) => /^container:(.+)/.exec(one)?.[1] ?? []),
      Mounts: namesOf(stack, 'volumes').map((name) => ({
        Type: 'volume',
        Source: name,
        Target: '/stand-in',
      })),
    },
    NetworkingConfig: {
      EndpointsConfig: Object.fromEntries(
        [...namesOf(stack, 'networks'), ...modes].map((name) => [name, {}]),
      ),
    },
  });
  const again = new Set([
    'HostConfig.Privileged',
    'HostConfig.PidMode',
    'HostConfig.CapAdd',
    'HostConfig.VolumesFrom',
  ]);
  const others = found.outside.filter(({ option }) => !again.has(option));
  return { outside: [...outside, ...others], paths: [...paths, ...found.paths], builds };
}

/** As the engine will know them. */
function namesOf({ name: stack, value }: Normalised, section: 'volumes' | 'networks'): string[] {
  const entries = Object.entries(object(value[section]));
  const names = entries.map(([key, one]) => {
    const { name, external } = object(one);
    if (typeof name === 'string' && name !== '') return name;
    // The first Compose notes the name of one that is made elsewhere below `external`.
    if (isRecord(external) && typeof external['name'] === 'string') return external['name'];
    return external === true ? key : `${stack}_${key}`;
  });
  return section === 'networks' ? [...names, `${stack}_default`] : names;
}
