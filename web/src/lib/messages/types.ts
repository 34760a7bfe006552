/** Texts looked up by a name that the API sends; a name without a text is shown as it is. */
export type Lookup = Readonly<Record<string, string>>;

export interface ProblemFacts {
  readonly subject?: string | null | undefined;
  readonly value?: number | null | undefined;
}
