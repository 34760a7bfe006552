import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { tempDir, type TempDir } from '../../../testing/tmp.ts';
import type { CreditWindow } from '../context.ts';
import { silentLog, type Log } from '../log.ts';
import type { JobPatience } from './entry.ts';
import type { Job, JobLine, JobProgress, JobStart } from './job.ts';
import { openJobs } from './jobs.ts';
import type { JobBatch, JobService } from './service.ts';

/** Everything that was told of a job. */
export interface Told {
  readonly job: Job;
  readonly lines: readonly JobLine[];
  /** Every word on progress. */
  readonly seen: readonly JobProgress[];
  /** The newest word on each item. */
  readonly progress: ReadonlyMap<string, JobProgress>;
}

export interface TestJobs extends AsyncDisposable {
  readonly dir: TempDir;
  readonly service: JobService;
  /** Begins a job and follows it to its end. */
  begin(start: Pick<JobStart, 'run'> & Partial<JobStart>): {
    readonly id: string;
    readonly ended: Promise<Told>;
  };
  follow(id: string, after?: number): Promise<Told>;
  /** The agent's process is gone, and another one opens the same folder. */
  restart(): void;
  /** All files of all jobs. */
  onDisk(): Promise<string>;
}

const unlimited: CreditWindow = {
  take: () => Promise.resolve(),
  available: () => Number.POSITIVE_INFINITY,
};

/** Of tests in which no agent was ended in the middle of a job. */
export const untold: Pick<JobService, 'settle'> = { settle: () => undefined };

export const jobId = (): string => `job_${randomBytes(12).toString('hex')}`;

export async function gather(batches: AsyncIterable<JobBatch>): Promise<Told> {
  const lines: JobLine[] = [];
  const seen: JobProgress[] = [];
  let last: Job | undefined;
  for await (const batch of batches) {
    lines.push(...batch.lines);
    seen.push(...batch.progress);
    last = batch.job;
  }
  if (!last) throw new Error('nothing was told');
  return { job: last, lines, seen, progress: new Map(seen.map((said) => [said.item, said])) };
}

export async function testJobs({
  log = silentLog,
  now,
  patience,
}: { log?: Log; now?: () => number; patience?: JobPatience } = {}): Promise<TestJobs> {
  const dir = await tempDir('sk-jobs-');
  const open = (): JobService =>
    openJobs({ folder: dir.path, log, ...(now && { now }), ...(patience && { patience }) });
  let service = open();
  const follow = (id: string, after = 0): Promise<Told> =>
    gather(service.follow(id, after, unlimited, new AbortController().signal));
  return {
    dir,
    get service() {
      return service;
    },
    follow,
    begin(start) {
      const id = start.id ?? jobId();
      service.start({
        kind: 'test.work',
        target: 'test',
        scope: 'docker:images:write',
        actor: 'usr_1',
        ...start,
        id,
      });
      return { id, ended: follow(id) };
    },
    restart() {
      service.close();
      service = open();
    },
    async onDisk() {
      const files = await readdir(dir.path, { recursive: true, withFileTypes: true });
      const texts = files
        .filter((file) => file.isFile())
        .map((file) => readFile(`${file.parentPath}/${file.name}`, 'utf8'));
      return (await Promise.all(texts)).join('\n');
    },
    async [Symbol.asyncDispose]() {
      service.close();
      await dir[Symbol.asyncDispose]();
    },
  };
}
