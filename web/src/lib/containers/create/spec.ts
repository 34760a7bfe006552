import type { ContainerSpecInput, ImagePullPolicy } from '../../generated/graphql.ts';

export type Spec = ContainerSpecInput;
type Element<List> = List extends readonly (infer One)[] ? One : never;
export type Port = Element<NonNullable<Spec['ports']>>;
export type Mount = Element<NonNullable<Spec['mounts']>>;
export type SecretFile = Element<NonNullable<Spec['secretFiles']>>;
export type Network = Element<NonNullable<Spec['networks']>>;
export type Device = Element<NonNullable<Spec['devices']>>;
export type Ulimit = Element<NonNullable<Spec['ulimits']>>;
export type Limits = NonNullable<Spec['limits']>;
export type Healthcheck = NonNullable<Spec['healthcheck']>;
export type RestartPolicy = NonNullable<Spec['restartPolicy']>;

/** What was found in a text that was pasted. */
export interface Found {
  readonly spec: Spec;
  /** Whether it was to be started. */
  readonly start: boolean;
  /** When its image was to be pulled; null where the text does not say. */
  readonly pull: ImagePullPolicy | null;
  /** What was not taken over, as it was written. */
  readonly left: readonly string[];
}

export type PasteReason = 'command' | 'image' | 'quote' | 'yaml' | 'services';

/** A text in which no container can be found. */
export class PasteError extends Error {
  readonly reason: PasteReason;

  /** @param detail - what a parser said, for `yaml` */
  constructor(reason: PasteReason, detail = '') {
    super(detail);
    this.name = 'PasteError';
    this.reason = reason;
  }
}
