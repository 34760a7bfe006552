/** One option of a container that takes docker:containers:privileged, with the reason in words for a person. */
export interface Outside {
  /** Where it stands in the Engine API: `HostConfig.Privileged`, `HostConfig.Binds`, … */
  readonly option: string;
  /** Ends the sentence "this …". */
  readonly why: string;
}

/** What the engine does where a container says nothing: naming it is no more than saying nothing. */
export interface EngineDefaults {
  readonly runtime: string;
  readonly logDriver: string;
  readonly cgroupNamespace: 'host' | 'private';
}

/** Says why a value is outside the allow-list, or undefined when it is inside. */
export type Rule = (value: unknown, defaults: EngineDefaults) => string | undefined;

/** Option by option; what is not named is outside. */
export type Rules = ReadonlyMap<string, Rule>;
