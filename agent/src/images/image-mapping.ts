import { array, number, object, text, texts, type JsonObject } from '../docker/json.ts';
import { pairsOf } from '../docker/labels.ts';
import type { Image, ImageDetails, ImageStep, ImageUser } from './image.ts';
import { maskedVariables, variableName, withoutSecrets } from './masks.ts';

/** An image out of an entry of GET /images/json. */
export function imageOf(entry: JsonObject, users: readonly ImageUser[]): Image {
  return {
    id: text(entry['Id']),
    tags: named(entry['RepoTags']),
    digests: named(entry['RepoDigests']),
    createdAt: (number(entry['Created']) ?? 0) * 1000,
    sizeBytes: number(entry['Size']) ?? 0,
    labels: pairsOf(entry['Labels']),
    containers: users,
  };
}

/** Engines before 1.43 list an image without a name as `<none>:<none>`. */
function named(value: unknown): string[] {
  return texts(value)
    .filter((name) => name !== '' && !name.includes('<none>'))
    .toSorted();
}

/** Who was made from which image, out of GET /containers/json: by the image's id. */
export function usersOf(containers: readonly JsonObject[]): ReadonlyMap<string, ImageUser[]> {
  const users = new Map<string, ImageUser[]>();
  for (const entry of containers) {
    const image = text(entry['ImageID']);
    const user = {
      id: text(entry['Id']),
      name: (texts(entry['Names'])[0] ?? '').replace(/^\//, ''),
      running: ['running', 'paused', 'restarting'].includes(text(entry['State'])),
    };
    users.set(image, [...(users.get(image) ?? []), user]);
  }
  for (const list of users.values()) list.sort((a, b) => (a.name < b.name ? -1 : 1));
  return users;
}

/** Details out of the reply of GET /images/{id}/json. */
export function imageDetailsOf(image: Image, inspect: JsonObject): ImageDetails {
  const config = object(inspect['Config']);
  return {
    image,
    architecture: [text(inspect['Architecture']), text(inspect['Variant'])].filter(Boolean).join('/'),
    os: text(inspect['Os']),
    author: text(inspect['Author']),
    comment: text(inspect['Comment']),
    user: text(config['User']),
    workingDir: text(config['WorkingDir']),
    entrypoint: texts(config['Entrypoint']),
    command: texts(config['Cmd']),
    environmentNames: texts(config['Env']).map(variableName),
    exposedPorts: Object.keys(object(config['ExposedPorts'])).toSorted(),
    volumes: Object.keys(object(config['Volumes'])).toSorted(),
    healthcheck: texts(object(config['Healthcheck'])['Test']),
    stopSignal: text(config['StopSignal']),
    layers: layersOf(inspect).length,
    inspectJson: JSON.stringify(masked(inspect)),
  };
}

/** Without ContainerConfig, which says nothing more and repeats instructions with all values. */
function masked({ ContainerConfig: _left, ...inspect }: JsonObject): JsonObject {
  const config = object(inspect['Config']);
  return { ...inspect, Config: { ...config, Env: maskedVariables(array(config['Env'])) } };
}

/** The digests of the layers' contents, lowest first. */
export function layersOf(inspect: JsonObject): string[] {
  return texts(object(inspect['RootFS'])['Layers']);
}

/** A step out of an entry of GET /images/{id}/history. */
export function stepOf(entry: JsonObject): ImageStep {
  return {
    createdAt: (number(entry['Created']) ?? 0) * 1000,
    createdBy: withoutSecrets(text(entry['CreatedBy'])),
    comment: text(entry['Comment']),
    sizeBytes: number(entry['Size']) ?? 0,
    tags: named(entry['Tags']),
  };
}
