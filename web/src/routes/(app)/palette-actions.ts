import Boxes from '@lucide/svelte/icons/boxes';
import Keyboard from '@lucide/svelte/icons/keyboard';
import Languages from '@lucide/svelte/icons/languages';
import LogOut from '@lucide/svelte/icons/log-out';
import Moon from '@lucide/svelte/icons/moon';
import Plus from '@lucide/svelte/icons/plus';
import RotateCw from '@lucide/svelte/icons/rotate-cw';
import Sun from '@lucide/svelte/icons/sun';
import type { Component } from 'svelte';
import { goto } from '$app/navigation';
import { live } from '#lib/api/live.svelte.ts';
import { sentence } from '#lib/errors.ts';
import { early, i18n, languageCodes, languages } from '#lib/i18n.svelte.ts';
import { session } from '#lib/session.svelte.ts';
import { theme } from '#lib/theme.svelte.ts';
import { toasts } from '#lib/toasts.svelte.ts';

interface PaletteAction {
  readonly label: string;
  readonly icon: Component<{ size?: number; class?: string }>;
  readonly run: () => void;
}

export function paletteActions(showHelp: () => void): readonly PaletteAction[] {
  const dark = theme.shown === 'dark';
  const otherLanguages = languageCodes.filter((language) => language !== i18n.language);
  const add = { label: early().servers.add, icon: Plus, run: () => void goto('/servers/add') };
  const create = {
    label: early().palette.createContainer,
    icon: Boxes,
    run: () => void goto('/docker/containers/create'),
  };
  return [
    ...(session.may('servers:register') ? [add] : []),
    ...(session.may('docker:containers:write') ? [create] : []),
    {
      label: dark ? early().palette.light : early().palette.dark,
      icon: dark ? Sun : Moon,
      run: () => theme.choose(dark ? 'light' : 'dark'),
    },
    ...otherLanguages.map((language) => ({
      label: languages[language],
      icon: Languages,
      run: () => void i18n.choose(language),
    })),
    { label: early().live.reconnect, icon: RotateCw, run: () => live.reconnect() },
    { label: early().shortcuts.title, icon: Keyboard, run: showHelp },
    {
      label: early().nav.signOut,
      icon: LogOut,
      run: () => void session.signOut().catch((error: unknown) => toasts.critical(sentence(error))),
    },
  ];
}
