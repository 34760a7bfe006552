import FileCode from '@lucide/svelte/icons/file-code';
import LayoutList from '@lucide/svelte/icons/layout-list';
import ScrollText from '@lucide/svelte/icons/scroll-text';
import { t } from '../i18n.svelte.ts';
import type { MenuItem } from '../ui/Menu.svelte';
import { stackHref, type StackEntry } from './stacks.ts';

/** Where a row of the list leads. */
export function stackMenu({ serverId, row }: StackEntry, mayEdit: boolean): MenuItem[][] {
  const href = stackHref(serverId, row.name);
  return [
    [
      { label: t().nav.overview, icon: LayoutList, href },
      { label: t().logs.title, icon: ScrollText, href: `${href}?tab=logs` },
      ...(mayEdit && row.managed
        ? [{ label: t().stacks.edit, icon: FileCode, href: `${href}?tab=files` }]
        : []),
    ],
  ];
}
