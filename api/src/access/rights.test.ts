import type { Scope } from '@serverkit/wire/scopes.ts';
import { describe, expect, test } from 'vitest';
import { intersection, limited, noRights, unlimited, type Rights } from './rights.ts';

const see: Scope = 'servers:read';
const look: Scope = 'docker:containers:read';
const act: Scope = 'docker:containers:write';

function some(servers: Readonly<Record<string, readonly Scope[]>>): Rights {
  const rights = limited({
    anywhere: new Set(Object.values(servers).flat()),
    servers: new Map(Object.entries(servers).map(([id, scopes]) => [id, new Set(scopes)])),
    now: () => rights,
  });
  return rights;
}

const everything = unlimited(new Set<Scope>([see, look, act, 'users:read']));

describe('rights', () => {
  test('without limits hold on every server, the ones to come too, and for what is no server', () => {
    expect(everything.on('srv_any')).toBe(everything.everywhere);
    expect(everything.serversWith(look)).toBeNull();
    expect(everything.serversWith('audit:read')).toEqual(new Set());
    expect(everything.now()).toBe(everything);
  });

  test('on some servers hold there and nowhere else', () => {
    const rights = some({ srv_a: [see, look], srv_b: [see] });
    expect(rights.everywhere).toEqual(new Set());
    expect(rights.anywhere).toEqual(new Set([see, look]));
    expect(rights.on('srv_a')).toEqual(new Set([see, look]));
    expect(rights.on('srv_c')).toEqual(new Set());
    expect(rights.serversWith(look)).toEqual(new Set(['srv_a']));
  });

  test('of two are what both allow, at each place', () => {
    const both = intersection(some({ srv_a: [see, look], srv_b: [see] }), some({ srv_a: [look, act] }));
    expect(both.on('srv_a')).toEqual(new Set([look]));
    expect(both.on('srv_b')).toEqual(new Set());
    expect(both.serversWith(look)).toEqual(new Set(['srv_a']));
    expect(both.serversWith(see)).toEqual(new Set());
    const token = intersection(everything, some({ srv_a: [look, 'audit:read'] }));
    expect(token.everywhere).toEqual(new Set());
    expect(token.on('srv_a')).toEqual(new Set([look]));
    expect(token.serversWith(look)).toEqual(new Set(['srv_a']));
    expect(intersection(everything, unlimited(new Set<Scope>([see, 'audit:read']))).everywhere).toEqual(
      new Set([see]),
    );
    expect(intersection(everything, noRights).anywhere.size).toBe(0);
  });
});

describe('the key', () => {
  test('is equal for those who may do the same, whatever it was made from', () => {
    expect(some({ srv_a: [see], srv_b: [look] }).key).toBe(some({ srv_b: [look], srv_a: [see] }).key);
    expect(unlimited(new Set<Scope>([look, see])).key).toBe(unlimited(new Set<Scope>([see, look])).key);
  });

  test('differs as soon as one may do more anywhere', () => {
    const keys = [
      unlimited(new Set([see])),
      unlimited(new Set<Scope>([see, look])),
      some({ srv_a: [see] }),
      some({ srv_a: [see, look] }),
      some({ srv_b: [see] }),
      some({ srv_a: [see], srv_b: [look] }),
      some({ srv_a: [look], srv_b: [see] }),
      intersection(some({ srv_a: [see] }), some({ srv_b: [see] })),
      noRights,
    ].map(({ key }) => key);
    expect(new Set(keys).size).toBe(keys.length);
  });

  test('of a part is about that part only', () => {
    const part = new Set<Scope>([look]);
    expect(some({ srv_a: [see, look], srv_b: [see] }).only(part).key).toBe(
      some({ srv_a: [look, act] }).only(part).key,
    );
    expect(everything.only(part).key).toBe(unlimited(part).key);
    expect(everything.only(part).on('srv_a')).toEqual(part);
  });
});
