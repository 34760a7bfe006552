const fence = /^[ \t]*(?:```|~~~)[\w+-]*[ \t]*\r?$\n?/gm;

/** Text as it was copied out of a README or a chat, without the marks of a code block around it. */
export function unfenced(text: string): string {
  return /^\s*(?:```|~~~)/.test(text) ? text.replaceAll(fence, '') : text;
}
