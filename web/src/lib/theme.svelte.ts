export const themes = ['system', 'light', 'dark'] as const;
export type Theme = (typeof themes)[number];

const key = 'serverkit.theme';
const dark = matchMedia('(prefers-color-scheme: dark)');

function read(): Theme {
  const value = localStorage.getItem(key);
  return value === 'light' || value === 'dark' ? value : 'system';
}

class ThemeChoice {
  choice = $state<Theme>(read());
  #system = $state(dark.matches);
  /** What is on show now. */
  shown = $derived<'light' | 'dark'>(
    this.choice === 'system' ? (this.#system ? 'dark' : 'light') : this.choice,
  );

  constructor() {
    dark.addEventListener('change', ({ matches }) => {
      this.#system = matches;
      this.#apply();
    });
    addEventListener('storage', (event) => {
      if (event.key !== key) return;
      this.choice = read();
      this.#apply();
    });
  }

  choose(theme: Theme): void {
    this.choice = theme;
    if (theme === 'system') localStorage.removeItem(key);
    else localStorage.setItem(key, theme);
    this.#apply();
  }

  #apply(): void {
    document.documentElement.dataset['theme'] = this.shown;
  }
}

export const theme = new ThemeChoice();
