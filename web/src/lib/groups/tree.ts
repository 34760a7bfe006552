/** What the order of groups is made of. */
export interface Nested {
  readonly id: string;
  readonly name: string;
  readonly parentId?: string | null | undefined;
}

export interface Branch<Group extends Nested> {
  readonly group: Group;
  /** 0 at the top. */
  readonly depth: number;
  /** Its name after those it lies in. */
  readonly path: string;
}

/**
 * Groups as they are read from top to bottom, each before what lies in it; beside each other they stay in the order given.
 * One whose own place is not seen stands at the top.
 */
export function asTree<Group extends Nested>(groups: readonly Group[]): readonly Branch<Group>[] {
  const ids = new Set(groups.map(({ id }) => id));
  const inside = Map.groupBy(groups, ({ parentId }) => (parentId && ids.has(parentId) ? parentId : null));
  const branches: Branch<Group>[] = [];
  const add = (parent: string | null, depth: number, above: string): void => {
    for (const group of inside.get(parent) ?? []) {
      const path = above === '' ? group.name : `${above} / ${group.name}`;
      branches.push({ group, depth, path });
      add(group.id, depth + 1, path);
    }
  };
  add(null, 0, '');
  return branches;
}

/** A group with all that lies in it, by id. */
export function idsWithin(groups: readonly Nested[], id: string): ReadonlySet<string> {
  const found = new Set([id]);
  // Eight levels at most, and the set grows with each: a few rounds see them all.
  for (let before = 0; before !== found.size;) {
    before = found.size;
    for (const group of groups) if (group.parentId && found.has(group.parentId)) found.add(group.id);
  }
  return found;
}
