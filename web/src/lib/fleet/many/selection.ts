/** Servers by their names, or by what they have in common. */
export type Selection =
  | { readonly by: 'servers'; readonly serverIds: readonly string[] }
  | { readonly by: 'tag'; readonly tag: string }
  | { readonly by: 'group'; readonly groupId: string };

/** What is looked at of a server to tell whether it is meant. */
export interface Selectable {
  readonly id: string;
  readonly row: { readonly tags: readonly string[]; readonly group?: { readonly id: string } | null };
}

/**
 * The servers that are meant, each once; none while nothing is chosen.
 * @param within - a group with all that lies in it
 */
export function selected(
  selection: Selection,
  servers: readonly Selectable[],
  within: (groupId: string) => ReadonlySet<string>,
): readonly string[] {
  switch (selection.by) {
    case 'servers': {
      const there = new Set(servers.map(({ id }) => id));
      return selection.serverIds.filter((id) => there.has(id));
    }
    case 'tag':
      return servers.filter(({ row }) => row.tags.includes(selection.tag)).map(({ id }) => id);
    case 'group': {
      if (selection.groupId === '') return [];
      const groups = within(selection.groupId);
      return servers.filter(({ row }) => row.group && groups.has(row.group.id)).map(({ id }) => id);
    }
  }
}
