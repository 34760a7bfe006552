import { describe, expect, it } from 'vitest';
import { ContainerSelector, type ContainerSelection, type Listed } from './select.ts';

function entry(name: string, more: Partial<Listed> = {}): Listed {
  return {
    serverId: 'srv_1',
    row: { id: name, name, image: 'busybox', state: 'RUNNING', createdAt: '2026-01-01T00:00:00.000Z' },
    place: { look: 'good', project: null, alive: true },
    cpuPercent: null,
    memoryBytes: null,
    ...more,
  };
}
const everything: ContainerSelection = { text: '', states: [], servers: [], sort: 'name' };
const names = (entries: readonly Listed[]): string[] => entries.map(({ row }) => row.name);
const noServer = (): string => '';

describe('a list of containers', () => {
  it('counts numbers in names as numbers', () => {
    const list = ['web-10', 'web-9', 'web-1'].map((name) => entry(name));
    expect(names(new ContainerSelector<Listed>().select(list, everything, noServer))).toEqual([
      'web-1',
      'web-9',
      'web-10',
    ]);
  });

  it('is the same whatever was listed before', () => {
    const selector = new ContainerSelector<Listed>();
    const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((name, index) => entry(name, { cpuPercent: index }));
    if (!a || !b || !c || !d) throw new Error('four were made');
    expect(names(selector.select([d, b], everything, noServer))).toEqual(['b', 'd']);
    expect(names(selector.select([a, b, c, d], { ...everything, sort: 'cpu' }, noServer))).toEqual([
      'd',
      'c',
      'b',
      'a',
    ]);
    expect(names(selector.select([d, c, a], everything, noServer))).toEqual(['a', 'c', 'd']);
    const worse = { ...c, cpuPercent: 9 };
    expect(names(selector.select([a, worse, d], { ...everything, sort: 'cpu' }, noServer))).toEqual([
      'c',
      'd',
      'a',
    ]);
  });

  it('shows what fits the words, the states and the servers', () => {
    const list = [entry('web'), entry('db', { serverId: 'srv_2' })];
    const select = (more: Partial<ContainerSelection>) =>
      names(new ContainerSelector<Listed>().select(list, { ...everything, ...more }, (id) => `host ${id}`));
    expect(select({ text: 'WEB busy' })).toEqual(['web']);
    expect(select({ text: 'srv_2' })).toEqual(['db']);
    expect(select({ servers: ['srv_1'] })).toEqual(['web']);
    expect(select({ states: ['EXITED'] })).toEqual([]);
  });
});
