/** A line as a shell would take it apart, without carrying any of it out. */
export interface ShellLine {
  /** The words of the first command. */
  readonly words: readonly string[];
  /** What a shell would have put something else in the place of, such as $PWD; it stands in the words as it is. */
  readonly unexpanded: readonly string[];
  /** What follows the first command: another one, a pipe, where its output goes. Empty when nothing does. */
  readonly rest: string;
  /** A quote that is never closed; the words are as if it were closed at the end. */
  readonly open: '"' | "'" | null;
}

const blank = /[ \t\r\n]/;
/** A line may go on in the next one: in a POSIX shell, and as PowerShell and cmd.exe write it. */
const continuation = /[ \t]*[\\`^]\r?\n/y;
/**
 * As people write it who have not tried it: with blanks after the sign, or a comment, or lines that are one. A shell would
 * end the command there, and what was meant is plain.
 */
const looseContinuation = /[ \t]*[\\`^](?:[ \t]*|[ \t]+#[^\n]*)\r?\n(?:[ \t]*#[^\n]*(?:\n|$))*/y;
/** How a comment is written in the middle of a line: a command of nothing but one. */
const innerComment = /`[ \t]*#[^`\n]*`/y;
const expansion = /\$(\{[^}]*\}|\([^)]*\)|[A-Za-z_]\w*|[@*#?$!0-9-])|`[^`]*`/y;

/**
 * By the rules of POSIX (XCU 2.2 and 2.3) as far as they decide where words begin and end.
 *
 * @param only - `words` where there is one command and nothing else: a comment, a pipe or the end of a line is none then
 */
export function shellLine(text: string, only: 'words' | 'commands' = 'commands'): ShellLine {
  const commands = only === 'commands';
  const words: string[] = [];
  const unexpanded: string[] = [];
  let word: string | null = null;
  let open: ShellLine['open'] = null;
  let at = 0;

  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    return pattern.exec(text)?.[0];
  };
  const add = (part: string): void => void (word = (word ?? '') + part);
  const end = (): void => {
    if (word !== null) words.push(word);
    word = null;
  };
  const takeExpansion = (): boolean => {
    const found = match(expansion);
    if (found === undefined) return false;
    unexpanded.push(found);
    add(found);
    at += found.length;
    return true;
  };

  while (at < text.length) {
    const sign = text.charAt(at);
    const next = text.charAt(at + 1);
    const goesOn =
      open === "'" ? undefined : match(commands && open === null ? looseContinuation : continuation);
    if (open === "'") {
      if (sign === "'") open = null;
      else add(sign);
      at++;
    } else if (goesOn !== undefined && (open === null || sign === '\\')) {
      if (open === null && /^[ \t]/.test(goesOn)) end();
      at += goesOn.length;
    } else if (open === '"') {
      if (sign === '"') {
        open = null;
        at++;
      } else if (sign === '\\' && '"\\$`'.includes(next) && next !== '') {
        add(next);
        at += 2;
      } else if (!takeExpansion()) {
        add(sign);
        at++;
      }
    } else if (blank.test(sign)) {
      end();
      // A line that does not go on is a command of its own.
      if (commands && sign === '\n' && words.length > 0) break;
      at++;
    } else if (commands && word === null && match(innerComment) !== undefined) {
      at = innerComment.lastIndex;
    } else if (commands && sign === '#' && word === null) {
      while (at < text.length && text.charAt(at) !== '\n') at++;
    } else if (commands && ';|&<>'.includes(sign)) {
      break;
    } else if (sign === "'" || sign === '"') {
      open = sign;
      add('');
      at++;
    } else if (sign === '\\') {
      add(next);
      at += 2;
    } else if (!takeExpansion()) {
      add(sign);
      at++;
    }
  }
  end();
  return { words, unexpanded, rest: text.slice(at).trim(), open };
}

/** Words as a line that {@link shellLine} takes apart into the same words. */
export function shellText(words: readonly string[]): string {
  return words
    .map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`))
    .join(' ');
}
