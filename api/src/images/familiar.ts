/**
 * A name of an image as Docker lists it: without the registry and the path that it has when it names none, and with the tag
 * that is meant when it names none.
 *
 * @see https://pkg.go.dev/github.com/distribution/reference#FamiliarString
 */
export function familiarName(reference: string): string {
  const short = reference.replace(/^(?:index\.)?docker\.io\//, '').replace(/^library\/(?=[^/]+$)/, '');
  if (short.includes('@')) return short;
  return /:[^/]*$/.test(short) ? short : `${short}:latest`;
}

/** Whether an image goes by this name, as {@link familiarName} has it. */
export function goesBy(
  image: { readonly tags: readonly string[]; readonly digests: readonly string[] },
  name: string,
): boolean {
  const [named = '', digest] = name.split('@');
  if (digest === undefined) return image.tags.includes(name);
  // With a digest the tag says nothing: name:tag@digest is listed as name@digest.
  return image.digests.includes(`${named.replace(/:[^/]*$/, '')}@${digest}`);
}
