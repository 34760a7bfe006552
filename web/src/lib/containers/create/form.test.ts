import { beforeEach, describe, expect, test, vi } from 'vitest';
import { standIn } from '../../api/testing.ts';
import { CreateForm } from './form.svelte.ts';

vi.mock('../../api/operations.ts', () => import('../../api/testing.ts'));
vi.mock('../../i18n.svelte.ts', () => ({}));
vi.mock('../../secrets/usable.ts', () => ({}));
vi.mock('./read-like.ts', () => ({
  readLike: () =>
    Promise.resolve({
      found: { spec: { image: 'nginx' }, pull: 'MISSING', start: true, left: [], kept: [] },
      name: 'web',
    }),
}));
vi.mock('../../session.svelte.ts', () => ({}));

beforeEach(() => standIn.reset());

const made = { createContainer: { job: { id: 'job_1' } } };

describe('what was written in the form is lost with it', () => {
  test('once there is anything, rows without a word aside', () => {
    const form = new CreateForm();
    expect(form.unsaved).toBe(false);
    form.draft.labels.push({ key: '', value: '' });
    expect(form.unsaved).toBe(false);
    form.draft.image = 'nginx';
    expect(form.unsaved).toBe(true);
  });

  test('until a container is made of it, and again when that comes to nothing', async () => {
    const form = new CreateForm();
    form.draft.image = 'nginx';
    const sending = form.send();
    expect(form.unsaved).toBe(true);
    standIn.answers[0]?.(made);
    expect(await sending).toBe('job_1');
    expect(form.unsaved).toBe(false);
    form.notMade();
    expect(form.unsaved).toBe(true);
  });

  test('when it was written while the rest was sent', async () => {
    const form = new CreateForm();
    form.draft.image = 'nginx';
    const sending = form.send();
    form.draft.name = 'web';
    standIn.answers[0]?.(made);
    await sending;
    expect(form.unsaved).toBe(true);
  });

  test('unless it is only what another container says', async () => {
    const form = new CreateForm();
    await form.copy({ serverId: 'srv', containerId: 'box', name: 'web', publishedPorts: false, start: true });
    expect(form.draft.image).toBe('nginx');
    expect(form.unsaved).toBe(false);
    form.draft.name = 'other';
    expect(form.unsaved).toBe(true);
  });
});
