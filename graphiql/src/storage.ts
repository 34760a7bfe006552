import type { Storage } from '@graphiql/toolkit';

/**
 * What is typed may hold secrets: it ends with the tab of the browser. Headers are not kept at all, as that is where tokens
 * stand; the page's history would keep them.
 */
export const storage: Storage = {
  get length() {
    return sessionStorage.length;
  },
  getItem: (key) => sessionStorage.getItem(key),
  setItem: (key, value) => sessionStorage.setItem(key, withoutHeaders(value)),
  removeItem: (key) => sessionStorage.removeItem(key),
  clear: () => sessionStorage.clear(),
};

function withoutHeaders(text: string): string {
  try {
    return JSON.stringify(
      JSON.parse(text, (key: string, value: unknown) => (key === 'headers' ? undefined : value)),
    );
  } catch {
    return text; // A word, such as the theme.
  }
}
