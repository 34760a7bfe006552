/** A value of JSON with its name. */
export interface JsonNode {
  readonly key: string;
  /** From the root, for remembering which are open. */
  readonly path: string;
  /** As it is written; of an object or a list only how much is in it. */
  readonly text: string;
  /** Null for what has nothing in it to open. */
  readonly children: readonly JsonNode[] | null;
}

/** What a JSON text says, as a tree. @throws SyntaxError */
export function jsonTree(json: string): readonly JsonNode[] {
  return nodeOf('', JSON.parse(json), '').children ?? [];
}

function childrenOf(value: object, path: string): JsonNode[] {
  return Object.entries(value).map(([key, child]: [string, unknown]) => nodeOf(key, child, `${path}/${key}`));
}

function nodeOf(key: string, value: unknown, path: string): JsonNode {
  if (typeof value !== 'object' || value === null)
    return { key, path, text: JSON.stringify(value), children: null };
  const children = childrenOf(value, path);
  const [open, close] = Array.isArray(value) ? '[]' : '{}';
  const text = `${open}${children.length > 0 ? ` ${children.length} ` : ''}${close}`;
  return { key, path, text, children: children.length > 0 ? children : null };
}

/** What has the words in its name or value, with everything that leads to it. All below a name that fits stays. */
export function matching(nodes: readonly JsonNode[], words: string): readonly JsonNode[] {
  const wanted = words.trim().toLowerCase();
  if (wanted === '') return nodes;
  return nodes.flatMap((node): JsonNode[] => {
    if (node.key.toLowerCase().includes(wanted)) return [node];
    if (node.children === null) return node.text.toLowerCase().includes(wanted) ? [node] : [];
    const children = matching(node.children, wanted);
    return children.length > 0 ? [{ ...node, children }] : [];
  });
}
