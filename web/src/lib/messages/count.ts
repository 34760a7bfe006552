/** A noun for one and for several, with whatever stands between them in the language. */
export interface Forms {
  readonly one: string;
  readonly other: string;
}

/** Makes `3 servers` or `1 server` in a language: its plural rules, its thousands. */
export function counter(locale: string): (count: number, forms: Forms) => string {
  const rules = new Intl.PluralRules(locale);
  const digits = new Intl.NumberFormat(locale);
  return (count, { one, other }) => `${digits.format(count)} ${rules.select(count) === 'one' ? one : other}`;
}
