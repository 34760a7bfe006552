import type { ServerGroup } from '#lib/groups/groups.svelte.ts';

/** Which dialog about a group is open, for the page that shows it. */
export class GroupDialogs {
  /** What the form starts from: a group to change, or where a new one shall lie. */
  form = $state.raw<{ readonly group: ServerGroup | null; readonly parentId: string | null } | null>(null);
  deleting = $state.raw<ServerGroup | null>(null);
  access = $state.raw<ServerGroup | null>(null);

  create(parentId: string | null): void {
    this.form = { group: null, parentId };
  }

  edit(group: ServerGroup): void {
    this.form = { group, parentId: group.parentId ?? null };
  }

  showAccess(group: ServerGroup): void {
    this.access = group;
  }

  askDelete(group: ServerGroup): void {
    this.deleting = group;
  }
}
