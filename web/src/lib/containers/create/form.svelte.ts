import { mutate, query } from '../../api/operations.ts';
import { issuesOf, sentence } from '../../errors.ts';
import type { CreateContainer_ChoicesQuery, KeepVariablesInput } from '../../generated/graphql.ts';
import { t } from '../../i18n.svelte.ts';
import { usableSecrets } from '../../secrets/usable.ts';
import { session } from '../../session.svelte.ts';
import { beyond } from './beyond.ts';
import { Choices, Create } from './documents.ts';
import { draftOf, emptyDraft, type Draft } from './draft.ts';
import { specOf, withoutBlankRows } from './draft-spec.ts';
import type { FoundLike } from './like.ts';
import { readLike, type Wanted } from './read-like.ts';
import { isShown } from './shown.ts';
import type { Found } from './spec.ts';

/** What values of another container take, whoever sees them. */
export const keepScope = 'docker:containers:exec';

interface Source extends FoundLike {
  readonly serverId: string;
  readonly containerId: string;
  readonly name: string;
}

type Offered = NonNullable<CreateContainer_ChoicesQuery['server']>;

/** The form of a container to be made: what stands in it, what is wrong with it, and what its server offers. */
export class CreateForm {
  draft = $state<Draft>(emptyDraft());
  serverId = $state('');
  busy = $state(false);
  /** What is wrong with all of it, as a sentence. */
  problem = $state('');
  offered = $state.raw<Offered | null>(null);
  /** Names of secrets, each once. */
  secrets = $state.raw<readonly string[]>([]);
  /** The container that it was filled from. */
  source = $state.raw<Source | null>(null);
  /** What stood in it when nothing was lost with it: at first, as it was filled from a container, as it was sent. */
  #kept: string;
  #errors = $state.raw<ReadonlyMap<string, string>>(new Map());

  readonly beyond = $derived(beyond(specOf(this.draft).spec));
  readonly images = $derived(
    [...new Set((this.offered?.images ?? []).flatMap(({ tags }) => tags))].toSorted(),
  );
  readonly networks = $derived((this.offered?.networks ?? []).map(({ name }) => name));
  readonly volumes = $derived(
    (this.offered?.volumes ?? []).filter(({ anonymous }) => !anonymous).map(({ name }) => name),
  );

  constructor() {
    this.#kept = this.#written();
  }

  /** Whether somebody wrote in it what no container is made of yet. */
  get unsaved(): boolean {
    return this.#kept !== this.#written();
  }

  /** What was sent last has come to nothing. */
  notMade(): void {
    this.#kept = '';
  }

  /** What would have to be written again. */
  #written(): string {
    const draft = $state.snapshot(this.draft);
    withoutBlankRows(draft);
    return JSON.stringify(draft);
  }

  /** What is wrong with the field at this path, such as `ports.0.hostPort`. */
  error(path: string): string | undefined {
    return this.#errors.get(path);
  }

  /** What is wrong with anything at or below one of these paths. */
  errorWithin(...paths: readonly string[]): string | undefined {
    for (const [path, text] of this.#errors)
      if (paths.some((within) => path === within || path.startsWith(`${within}.`))) return text;
    return undefined;
  }

  fill({ spec, pull, start }: Found): void {
    this.draft = draftOf(spec, pull ?? this.draft.pull, start);
    this.#errors = new Map();
    this.problem = '';
    this.source = null;
  }

  /** Fills it from a container that is there. @throws Failure */
  async copy(wanted: Wanted): Promise<void> {
    const { found, name } = await readLike(wanted);
    this.fill(found);
    this.source = { serverId: wanted.serverId, containerId: wanted.containerId, name, ...found };
    this.#kept = this.#written();
  }

  /** Those whose values are kept are only where the container is; a row with the same name has another value. */
  get keptNames(): readonly string[] {
    const { source } = this;
    if (!source || source.serverId !== this.serverId) return [];
    const own = new Set(this.draft.environment.map(({ name }) => name.trim()));
    return source.kept.filter((name) => !own.has(name));
  }

  dropKept(name: string): void {
    const { source } = this;
    if (source) this.source = { ...source, kept: source.kept.filter((kept) => kept !== name) };
  }

  get #keep(): KeepVariablesInput | null {
    const names = this.keptNames;
    if (!this.source || names.length === 0 || !session.may(keepScope)) return null;
    return { containerId: this.source.containerId, names: [...names] };
  }

  /** Asks what the server has. A form without suggestions is a form all the same. */
  async look(serverId: string): Promise<void> {
    this.offered = null;
    try {
      const { data } = await query(Choices, { serverId });
      if (this.serverId === serverId) this.offered = data.server ?? null;
    } catch {
      // Sending it tells what is wrong.
    }
  }

  /** Asks which secrets there are, where they may be used at all. */
  async lookForSecrets(): Promise<void> {
    this.secrets = await usableSecrets();
  }

  /**
   * Begins to make it.
   *
   * @returns the job's id; null with `error` and `problem` saying why not
   */
  async send(): Promise<string | null> {
    if (this.busy) return null;
    withoutBlankRows(this.draft);
    const { spec, problems } = specOf(this.draft);
    this.problem = '';
    this.#errors = new Map([...problems].map(([path, problem]) => [path, t().create.problems[problem]]));
    if (problems.size > 0) return null;
    this.busy = true;
    try {
      const { pull, start } = this.draft;
      const sent = this.#written();
      const keep = this.#keep;
      const { createContainer } = await mutate(Create, {
        input: { serverId: this.serverId, spec, pull, start, ...(keep && { keep }) },
      });
      this.#kept = sent;
      return createContainer.job.id;
    } catch (error) {
      const issues = issuesOf(error).map(
        ({ path, message }) => [path.replace(/^spec\./, ''), t().create.rule(message)] as const,
      );
      this.#errors = new Map(issues.toReversed());
      const { fields, sections } = t().create;
      const names = new Map<string, string>([...Object.entries(sections), ...Object.entries(fields)]);
      const unseen = issues.filter(([path]) => !isShown(path));
      this.problem =
        issues.length > 0
          ? unseen
              .map(([path, message]) => `${names.get(path.split('.')[0] ?? '') ?? path}: ${message}.`)
              .join(' ')
          : sentence(error);
      return null;
    } finally {
      this.busy = false;
    }
  }
}
