const letters = ['---', '--x', '-w-', '-wx', 'r--', 'r-x', 'rw-', 'rwx'];

/** Permission bits as ls writes them: `rwxr-x--t`. */
export function modeWord(mode: number): string {
  const three = [6, 3, 0].map((shift) => letters[(mode >> shift) & 7] ?? '---');
  const marks = [mode & 0o4000 ? 's' : '', mode & 0o2000 ? 's' : '', mode & 0o1000 ? 't' : ''];
  return three
    .map((word, index) => {
      const mark = marks[index] ?? '';
      if (mark === '') return word;
      return word.slice(0, 2) + (word.endsWith('x') ? mark : mark.toUpperCase());
    })
    .join('');
}

/** Characters that would break a line, steer what reads it, or turn the order of what follows. */
const unshowable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** A name that somebody else chose, in one line and in the order it is stored. */
export function shownName(name: string): string {
  return name.replaceAll(unshowable, '\u{fffd}');
}

/** Whether a name came as it is: bytes that are no text do not. */
export function isAddressable(name: string): boolean {
  return !name.includes('\u{fffd}');
}

/** Whether a file may be called that: anything but what leads to another folder. */
export function isFit(name: string): boolean {
  return !name.includes('/') && name !== '.' && name !== '..';
}

export function pathIn(folder: string, name: string): string {
  return folder === '/' ? `/${name}` : `${folder}/${name}`;
}

/** The folders on the way to a path, the root first and itself last. */
export function trail(path: string): { readonly name: string; readonly path: string }[] {
  const names = path.split('/').filter(Boolean);
  return [
    { name: '/', path: '/' },
    ...names.map((name, index) => ({ name, path: `/${names.slice(0, index + 1).join('/')}` })),
  ];
}
