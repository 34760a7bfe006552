/** Texts looked up by a name that the API sends; a name without a text is shown as it is. */
export type Lookup = Readonly<Record<string, string>>;

export interface ProblemFacts {
  readonly subject?: string | null | undefined;
  readonly value?: number | null | undefined;
}

/** The same shape with every text free: what another language has to fill. */
export type Widened<Type> = Type extends string
  ? string
  : Type extends (...input: infer Input) => string
    ? (...input: Input) => string
    : Type extends readonly string[]
      ? readonly string[]
      : { readonly [Key in keyof Type]: Widened<Type[Key]> };
