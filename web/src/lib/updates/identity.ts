interface Named {
  readonly name: string;
  readonly labels: readonly { readonly key: string; readonly value: string }[];
}

/** What stays of a container when it is made anew, as the API has it: its name, and its place in a Compose project. */
export function identityOf({ name, labels }: Named): string {
  const label = (key: string): string =>
    labels.find((one) => one.key === `com.docker.compose.${key}`)?.value ?? '';
  const [project, service] = [label('project'), label('service')];
  if (project === '' || service === '') return identityKey(name, null);
  return identityKey(name, `${project}/${service}/${label('container-number') || '1'}`);
}

export function identityKey(name: string, composeService: string | null | undefined): string {
  return `${name} ${composeService ?? ''}`;
}
