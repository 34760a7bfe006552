import SchemaBuilder, {
  BasePlugin,
  PothosSchemaError,
  type FieldNullability,
  type InputFieldMap,
  type InputShapeFromFields,
  type MaybePromise,
  type PothosOutputFieldConfig,
  type PothosTypeConfig,
  type SchemaTypes,
  type TypeParam,
} from '@pothos/core';
import type { GraphQLFieldResolver, GraphQLResolveInfo } from 'graphql';
import type { RequestContext } from '../context.ts';
import {
  authScopesOf,
  type FieldAccess,
  type FieldMarks,
  type SubscriptionMarks,
  type TypeAccess,
  type TypeMarks,
} from './access.ts';

import { keepSnapshot } from './snapshots.ts';

/**
 * Default-deny: adds the option `access` to root fields and object types, refuses to build a schema in which one has
 * none, and hands it to scope-auth. The marks stay readable in `extensions.serverkit`, from which the walker test, the
 * fan-out and the re-check of running subscriptions read.
 */
const name = 'access';
export default name;

interface Marked {
  readonly perViewer?: boolean;
}

declare global {
  export namespace PothosSchemaTypes {
    interface Plugins<Types extends SchemaTypes> {
      access: AccessPlugin<Types>;
    }
    interface SchemaBuilderOptions<Types extends SchemaTypes> {
      access: {
        /** Throws unless the context's principal has the access. */
        authorize: (access: FieldAccess, context: Types['Context'], info: GraphQLResolveInfo) => void;
        /** Throws unless the context's session has proven its password lately. */
        requireFresh: (context: Types['Context'], info: GraphQLResolveInfo) => void;
      };
    }
    interface ObjectTypeOptions<Types extends SchemaTypes, Shape> extends Marked {
      /** Needed all the same: connections have a default, for every other type the schema does not build without. */
      access?: TypeAccess;
    }
    interface InterfaceTypeOptions<Types extends SchemaTypes, Shape> extends Marked {
      access?: TypeAccess;
    }
    interface FieldOptions extends Marked {}
    interface ObjectFieldOptions<
      Types extends SchemaTypes,
      ParentShape,
      Type extends TypeParam<Types>,
      Nullable extends FieldNullability<Type>,
      Args extends InputFieldMap,
      ResolveReturnShape,
    > {
      /** Only to ask for more than the type does. */
      access?: FieldAccess;
    }
    interface QueryFieldOptions<
      Types extends SchemaTypes,
      Type extends TypeParam<Types>,
      Nullable extends FieldNullability<Type>,
      Args extends InputFieldMap,
      ResolveReturnShape,
    > {
      access: FieldAccess;
    }
    interface MutationFieldOptions<
      Types extends SchemaTypes,
      Type extends TypeParam<Types>,
      Nullable extends FieldNullability<Type>,
      Args extends InputFieldMap,
      ResolveReturnShape,
    > {
      access: FieldAccess;
      /**
       * A sensitive change, for which a session must have proven its password lately; a function tells by the
       * arguments. The API answers FRESH_SIGN_IN_REQUIRED otherwise.
       */
      fresh?: boolean | ((args: InputShapeFromFields<Args>) => boolean);
    }
    interface SubscriptionFieldOptions<
      Types extends SchemaTypes,
      Type extends TypeParam<Types>,
      Nullable extends FieldNullability<Type>,
      Args extends InputFieldMap,
      ResolveShape,
      ResolveReturnShape,
    > extends SubscriptionMarks {
      access: FieldAccess;
      /**
       * The events everyone who joins begins with, and those who fell behind go on with. `subscribe` then yields only
       * what comes after: a shared source is open long before the last one joins. It is open before the snapshot is
       * taken, so nothing falls between, but an event may be older than the snapshot it follows: events must bear
       * being applied twice.
       */
      snapshot?: (
        args: InputShapeFromFields<Args>,
        context: RequestContext,
      ) => MaybePromise<readonly ResolveShape[]>;
    }
  }
}

export class AccessPlugin<Types extends SchemaTypes> extends BasePlugin<Types> {
  override onTypeConfig(config: PothosTypeConfig): PothosTypeConfig {
    if (config.kind !== 'Object' && config.kind !== 'Interface') return config;
    const { access, perViewer } = config.pothosOptions;
    if (access === undefined) {
      throw new PothosSchemaError(`The type ${config.name} does not say who may see it; give it an access.`);
    }
    mark(config, { access, ...(perViewer && { perViewer }) });
    return config;
  }

  /**
   * Outermost, so that who may not use a field learns nothing of its arguments; and for subscriptions both before the
   * source is started and at each event, as rights may have gone meanwhile.
   */
  override wrapArgMappers(
    resolver: GraphQLFieldResolver<unknown, Types['Context'], object> | undefined,
    config: PothosOutputFieldConfig<Types>,
  ): GraphQLFieldResolver<unknown, Types['Context'], object> | undefined {
    const { access, fresh } = fieldMarks(config.pothosOptions);
    if (!resolver || !isRoot(config) || !access || access === 'public') return resolver;
    const { authorize, requireFresh } = this.builder.options.access;
    return (root, args, context, info) => {
      authorize(access, context, info);
      if (fresh === true || (typeof fresh === 'function' && fresh({ ...args }))) requireFresh(context, info);
      return resolver(root, args, context, info);
    };
  }

  override onOutputFieldConfig(config: PothosOutputFieldConfig<Types>): PothosOutputFieldConfig<Types> {
    const marks = fieldMarks(config.pothosOptions);
    if (isRoot(config) && marks.access === undefined) {
      throw new PothosSchemaError(
        `${config.parentType}.${config.name} does not say who may use it; give it an access.`,
      );
    }
    mark(config, marks);
    return config;
  }

  /** Runs where the arguments are mapped and validated, which the snapshot wants as much as the source. */
  override wrapSubscribe(
    subscribe: GraphQLFieldResolver<unknown, Types['Context'], object> | undefined,
    config: PothosOutputFieldConfig<Types>,
  ): GraphQLFieldResolver<unknown, Types['Context'], object> | undefined {
    const { snapshot } = fieldMarks(config.pothosOptions);
    if (!snapshot || !subscribe) return subscribe;
    return async (root, args, context, info) => {
      const source: unknown = await subscribe(root, args, context, info);
      keepSnapshot(source, (later) => snapshot({ ...args }, later));
      return source;
    };
  }
}

function isRoot({ kind }: { readonly kind: string }): boolean {
  return kind === 'Query' || kind === 'Mutation' || kind === 'Subscription';
}

/** Only some kinds of field have all of the options; the rest read as absent. */
function fieldMarks({ access, fresh, perViewer, delivery, overflow, snapshot }: FieldMarks): FieldMarks {
  return {
    ...(access && { access }),
    ...(fresh && { fresh }),
    ...(perViewer && { perViewer }),
    ...(delivery && { delivery }),
    ...(overflow && { overflow }),
    ...(snapshot && { snapshot }),
  };
}

interface Markable {
  readonly pothosOptions: object;
  extensions?: unknown;
}

function mark(config: Markable, marks: FieldMarks | TypeMarks): void {
  const authScopes = marks.access && authScopesOf(marks.access);
  if (authScopes) Object.assign(config.pothosOptions, { authScopes });
  config.extensions = Object.assign({}, config.extensions, { serverkit: marks });
}

SchemaBuilder.registerPlugin(name, AccessPlugin);
