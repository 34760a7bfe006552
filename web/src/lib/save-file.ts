/** Hands a text over as a download. */
export function saveFile(
  name: string,
  parts: readonly (string | Blob)[],
  type = 'text/plain;charset=utf-8',
): void {
  const url = URL.createObjectURL(new Blob([...parts], { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
