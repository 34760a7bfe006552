import { expect, test } from 'vitest';
import { AgentError } from '../errors.ts';
import { prunePreview } from './prune.ts';

const [stays, goes] = ['a', 'b'].map((digit) => `sha256:${digit.repeat(64)}`);

test.each(['json', 'history'])(
  'an image that goes before its %s is asked for is no reason to show none of the others',
  async (question) => {
    const answers = new Map<string, unknown>([
      ['/images/json', [stays, goes].map((Id) => ({ Id, RepoTags: [], Size: 5 }))],
      ['/containers/json', []],
      ...[stays, goes].flatMap((id, place): [string, unknown][] => [
        [`/images/${id}/json`, { RootFS: { Layers: [`sha256:${place}`] } }],
        [`/images/${id}/history`, [{ Size: 5, CreatedBy: 'COPY' }]],
      ]),
    ]);
    answers.delete(`/images/${goes}/${question}`);
    const get = (path: string): Promise<unknown> =>
      answers.has(path)
        ? Promise.resolve(answers.get(path))
        : Promise.reject(new AgentError('NOT_FOUND', 'No such image.'));
    const preview = await prunePreview({ get }, 'UNUSED');
    expect(preview.reclaimableBytes).toBe(5);
    expect(preview.images.map(({ id }) => id)).toContain(stays);
  },
);
