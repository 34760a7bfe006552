import { builder } from '../builder.ts';
import type { FieldAccess } from './access.ts';
import type { RequestContext } from '../context.ts';
import { each, holds, needOf } from './access.ts';
import { kindOfId, type IdKind } from '../ids.ts';

interface NodeShape {
  readonly id: string;
}

/** An object that can be fetched by its id alone. */
export interface NodeKind {
  readonly typeName: string;
  /** Who may fetch one of this kind by id; the others are told that there is none. */
  readonly access: FieldAccess;
  /** Which server it is about, or servers, for an access that is held on servers. */
  readonly on?: (node: never) => string | readonly string[];
  readonly load: (id: string, context: RequestContext) => Promise<NodeShape | null>;
}

const kinds = new Map<IdKind, NodeKind>();

/** Lets `node(id:)` find a kind of object; called by the domain that defines its type. */
export function registerNode(kind: IdKind, node: NodeKind): void {
  kinds.set(kind, node);
}

export const Node = builder.interfaceRef<NodeShape>('Node').implement({
  access: 'inherited',
  description: 'An object that keeps its id for life.',
  resolveType: ({ id }) => {
    const kind = kindOfId(id);
    return kind && kinds.get(kind)?.typeName;
  },
  fields: (t) => ({
    id: t.exposeID('id', { description: 'Opaque and prefixed by kind, such as srv_… or usr_….' }),
  }),
});

builder.queryField('node', (t) =>
  t.field({
    type: Node,
    nullable: true,
    access: 'signedIn',
    description: 'Any object by its id; null when there is none or it may not be seen.',
    args: { id: t.arg.id({ required: true, description: "The object's id." }) },
    resolve: async (_root, { id }, context) => {
      const kind = kindOfId(id);
      const node = kind && kinds.get(kind);
      if (!node || !holds(context.principal, { access: node.access, where: each })) return null;
      const found = await node.load(id, context);
      return found && holds(context.principal, needOf(node, found, undefined)) ? found : null;
    },
  }),
);
