/** Where the dashboard keeps its half of the session, and the theme somebody chose. */
const keys = { proof: 'serverkit.session', theme: 'serverkit.theme' } as const;

const systemDark = matchMedia('(prefers-color-scheme: dark)');

/** The half of the session that a page has to show; the browser adds the other. */
export const readProof = (): string | null => localStorage.getItem(keys.proof);

/** The dashboard's theme is that of this page too. */
export function readTheme(): 'light' | 'dark' {
  const theme = localStorage.getItem(keys.theme);
  if (theme === 'light' || theme === 'dark') return theme;
  return systemDark.matches ? 'dark' : 'light';
}

/** Tells when the theme may be another. */
export function onTheme(changed: () => void): void {
  systemDark.addEventListener('change', changed);
  addEventListener('storage', changed);
}

/** Leads to the sign-in page, and back here. */
export function signIn(): void {
  location.replace('/sign-in?next=/graphiql');
}
