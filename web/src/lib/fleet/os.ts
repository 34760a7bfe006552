/** `Debian 12` rather than `Debian GNU/Linux 12 (bookworm)`: the short name is what tells machines apart. */
export function osText({
  osName,
  osVersion,
}: {
  readonly osName: string;
  readonly osVersion: string;
}): string {
  return `${osName.replace(/ GNU\/Linux$| Linux$/, '')} ${osVersion.replace(/ \(.*\)$/, '')}`.trim();
}
