import { describe, expect, test } from 'vitest';
import { reasonToLeave, type Found } from './replacements.ts';

describe('a replacement that was interrupted', () => {
  const one = { name: 'web', names: { made: 'web.new-0', before: 'web.before-0' } };
  const found = (id: string, name: string, runs = false): Found => ({ id, name, runs });
  const [old, made] = [found('old', 'web.before-0'), found('new', 'web', true)];
  const nobody = new Set<string>();

  test('is undone wherever the agent may have ended', () => {
    const places = [
      { old: found('old', 'web', true), made: null },
      { old: found('old', 'web', true), made: found('new', 'web.new-0') },
      { old: found('old', 'web'), made: found('new', 'web.new-0') },
      { old, made: found('new', 'web.new-0') },
      { old, made: found('new', 'web') },
      { old, made },
      { old, made: null },
    ];
    for (const place of places) {
      const named = [place.old, place.made].find((each) => each?.name === 'web') ?? null;
      expect(reasonToLeave(one, { ...place, named }, nobody)).toBeNull();
    }
  });

  test('is left as it is where somebody has done anything about either of the two', () => {
    const leave = (
      place: Partial<Parameters<typeof reasonToLeave>[1]>,
      stopped: ReadonlySet<string> = nobody,
    ) => reasonToLeave(one, { old, made, named: made, ...place }, stopped);
    expect(leave({ old: found('old', 'kept') })).toMatch(/called it kept/);
    expect(leave({ made: found('new', 'mine', true), named: null })).toMatch(/the new one mine/);
    expect(leave({ made: null, named: found('other', 'web') })).toMatch(/Another container is web/);
    expect(leave({ old: { ...old, runs: true } })).toMatch(/started the one of before/);
    expect(leave({ made: { ...made, runs: false } }, new Set(['new']))).toBe(
      'Somebody has stopped web since.',
    );
    expect(leave({}, new Set(['old']))).toBe('Somebody has stopped web.before-0 since.');
    expect(leave({}, new Set(['new'])), 'it runs again').toBeNull();
  });
});
