import { namedBy } from '../../secrets/reference.ts';
import { mapping, number, scalar, type Mapping } from './compose-values.ts';
import { shellLine } from './shell-words.ts';
import { halves } from './short-forms.ts';

/** Reads values as Compose does, and keeps what it leaves out. */
export class ComposeReader {
  /** What has no place here, as it is told to whoever pasted it. */
  readonly left: string[] = [];

  environment(value: unknown): { name: string; value: string }[] {
    return this.entries(value).flatMap(([name, given]) => {
      // Its value is in the shell that Compose would be called from.
      if (given === null || given === undefined) {
        this.left.push(`environment: ${name}`);
        return [];
      }
      return [{ name, value: this.text(given) }];
    });
  }

  pairs(value: unknown): { key: string; value: string }[] {
    return this.entries(value).map(([key, given]) => ({
      key,
      value: given == null ? '' : this.text(given),
    }));
  }

  /** A mapping, or a list of `key=value`. */
  entries(value: unknown): [string, unknown][] {
    return Array.isArray(value)
      ? value.map((one) => halves(scalar(one), '='))
      : Object.entries(mapping(value));
  }

  words(value: unknown): string[] {
    return typeof value === 'string' ? [...shellLine(this.text(value), 'words').words] : this.list(value);
  }

  list(value: unknown): string[] {
    return (Array.isArray(value) ? value : [value]).map((one) => this.text(one));
  }

  part<Value>(
    key: string,
    { value, left }: { readonly value: Value; readonly left: readonly string[] },
  ): Value {
    this.left.push(...left.map((option) => `${key}: ${option}`));
    return value;
  }

  leave(key: string, others: Mapping): void {
    this.left.push(...Object.keys(others).map((other) => `${key}.${other}`));
  }

  /** @returns null for what is none, such as a variable without a default */
  number(value: unknown): number | null {
    const said = this.text(value).trim();
    return said === '' ? null : number(said);
  }

  /** As YAML 1.1 and Compose read it. @returns null for what is neither */
  flag(value: unknown): boolean | null {
    const said = this.text(value).trim();
    if (/^(true|yes|on|y)$/i.test(said)) return true;
    return /^(false|no|off|n)$/i.test(said) ? false : null;
  }

  /** With the defaults of its variables in their places; one without a default stays as it is, and is told. */
  text(value: unknown): string {
    return scalar(value).replaceAll(
      /\$(?:(\$)|\{([A-Za-z_]\w*)(?::?-([^}]*))?[^}]*\}|([A-Za-z_]\w*))/g,
      (all, dollar: string | undefined, _name: string | undefined, fallback: string | undefined) => {
        if (dollar) return '$';
        if (fallback !== undefined) return fallback;
        // A secret is understood, and is in nobody's shell.
        if (namedBy(all) === undefined && !this.left.includes(all)) this.left.push(all);
        return all;
      },
    );
  }
}
