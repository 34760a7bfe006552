import { t } from '../i18n.svelte.ts';

/** How what is known of a thing of Docker's is looked at. */
export type InspectView = 'about' | 'tree' | 'raw';

export const inspectViews = (): { readonly value: InspectView; readonly label: string }[] => [
  { value: 'about', label: t().images.views.about },
  { value: 'tree', label: t().work.inspect.tree },
  { value: 'raw', label: t().work.inspect.raw },
];
