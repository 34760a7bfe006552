import type { JobHandle } from '../jobs/job.ts';

/** ` Container app-web-1  Started`, by the second Compose. */
const second = /^\s*(?:Container|Service)\s+(\S+)\s+([A-Z]\w+)\s*$/;
/** `Creating app_web_1 ... done`, by the first. */
const first = /^(Creating|Recreating|Starting|Restarting|Stopping|Removing)\s+(\S+)\s+\.\.\.\s*(\w*)\s*$/;

const anything = /^\s*(?:Container|Service|Network|Volume|Image) \S+\s+(\w+)\s*$|\.\.\.\s*(?:done)?\s*$/;

/** Whether a line says how far Compose is, which both generations say where they complain as well. */
export const isProgress = (line: string): boolean => anything.test(line);

/** What Compose says of a container, as the progress of its service; everything, as lines. */
export function tellProgress(
  project: string,
  job: Pick<JobHandle, 'line' | 'progress'>,
): (line: string, stream: 'STDOUT' | 'STDERR') => void {
  const serviceOf = (container: string): string =>
    container.replace(/^[0-9a-f]{12}_/, '').startsWith(project)
      ? container
          .replace(/^[0-9a-f]{12}_/, '')
          .slice(project.length + 1)
          .replace(/[-_]\d+$/, '')
      : container;
  return (line, stream) => {
    const complains = !isProgress(line) || anything.exec(line)?.[1] === 'Error';
    job.line(line, complains ? stream : 'STDOUT');
    const [, container, status] = second.exec(line) ?? [];
    if (container !== undefined && status !== undefined) job.progress({ item: serviceOf(container), status });
    const [, verb, named, end] = first.exec(line) ?? [];
    if (verb !== undefined && named !== undefined) {
      job.progress({ item: serviceOf(named), status: end === '' ? verb : `${verb}: ${end}` });
    }
  };
}
