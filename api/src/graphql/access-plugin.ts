import SchemaBuilder, {
  BasePlugin,
  PothosSchemaError,
  type FieldNullability,
  type InputFieldMap,
  type InputShapeFromFields,
  type MaybePromise,
  type PothosObjectTypeConfig,
  type PothosOutputFieldConfig,
  type PothosTypeConfig,
  type SchemaTypes,
  type TypeParam,
} from '@pothos/core';
import {
  isObjectType,
  type GraphQLFieldResolver,
  type GraphQLIsTypeOfFn,
  type GraphQLResolveInfo,
  type GraphQLSchema,
} from 'graphql';
import type { RequestContext } from '../context.ts';
import {
  isServerBound,
  needOf,
  scopeOf,
  type FieldAccess,
  type FieldMarks,
  type Guard,
  type Need,
  type On,
  type RightsChange,
  type SubscriptionMarks,
  type TypeAccess,
  type TypeMarks,
} from './access.ts';
import { keepBeginnings } from './beginnings.ts';

/**
 * Default-deny, in general and for each server: adds the options `access` and `on` to root fields and object types,
 * refuses to build a schema in which one is missing, and checks them before anything runs or is answered. The marks stay
 * readable in `extensions.serverkit`, from which the tests that walk the schema, the fan-out and the re-check of running
 * subscriptions read.
 */
const name = 'access';
export default name;

/** What somebody asked for. */
export interface Asked {
  readonly info: GraphQLResolveInfo;
  /** By the names of the schema, as those of variables are the asker's; none of a type. */
  readonly args: object;
}

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
        /** @throws unless the context's principal has what is needed */
        authorize: (need: Need, context: Types['Context'], asked: Asked) => void;
        /** Throws unless the context's session has proven its password lately. */
        requireFresh: (context: Types['Context'], asked: Asked) => void;
      };
    }
    interface ObjectTypeOptions<Types extends SchemaTypes, Shape> extends Marked {
      /** Needed all the same: connections have a default, for every other type the schema does not build without. */
      access?: TypeAccess;
      /** Which server an object is about; needed with a scope that is held on servers. */
      on?: On<Shape, unknown>;
      /** The servers it names are those the asker named. */
      echoes?: boolean;
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
      on?: On<ParentShape, InputShapeFromFields<Args>>;
    }
    interface QueryFieldOptions<
      Types extends SchemaTypes,
      Type extends TypeParam<Types>,
      Nullable extends FieldNullability<Type>,
      Args extends InputFieldMap,
      ResolveReturnShape,
    > {
      access: FieldAccess;
      on?: On<unknown, InputShapeFromFields<Args>>;
    }
    interface MutationFieldOptions<
      Types extends SchemaTypes,
      Type extends TypeParam<Types>,
      Nullable extends FieldNullability<Type>,
      Args extends InputFieldMap,
      ResolveReturnShape,
    > {
      access: FieldAccess;
      on?: On<unknown, InputShapeFromFields<Args>>;
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
      on?: On<unknown, InputShapeFromFields<Args>>;
      /**
       * What those are told whose rights changed and who may go on, before they begin again with a snapshot: what a
       * snapshot does not show, such as that something is not there for them any more.
       */
      onRights?: (
        change: RightsChange,
        args: InputShapeFromFields<Args>,
        context: RequestContext,
      ) => MaybePromise<readonly ResolveShape[]>;
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
    const { on, echoes } = config.kind === 'Object' ? config.pothosOptions : {};
    checkOn(`The type ${config.name}`, access, on);
    mark(config, { access, ...(on && { on }), ...(perViewer && { perViewer }), ...(echoes && { echoes }) });
    return config;
  }

  override onOutputFieldConfig(config: PothosOutputFieldConfig<Types>): PothosOutputFieldConfig<Types> {
    const marks = fieldMarks(config.pothosOptions);
    const field = `${config.parentType}.${config.name}`;
    if (isRoot(config) && marks.access === undefined) {
      throw new PothosSchemaError(`${field} does not say who may use it; give it an access.`);
    }
    checkOn(field, marks.access, marks.on);
    mark(config, marks);
    return config;
  }

  override afterBuild(schema: GraphQLSchema): GraphQLSchema {
    for (const type of Object.values(schema.getTypeMap())) {
      if (!isObjectType(type) || !('serverId' in type.getFields())) continue;
      const { access, echoes } = type.extensions.serverkit ?? {};
      if (scopeOf(access) === undefined && !echoes) {
        throw new PothosSchemaError(
          `The type ${type.name} tells of a server and is as reachable as what returns it; give it a scope and \`on\`.`,
        );
      }
    }
    return schema;
  }

  /**
   * Outermost, so that who may not use a field learns nothing of its arguments; and for subscriptions both before the
   * source is started and at each event, as rights may have gone meanwhile.
   */
  override wrapArgMappers(
    resolver: GraphQLFieldResolver<unknown, Types['Context'], object> | undefined,
    config: PothosOutputFieldConfig<Types>,
  ): GraphQLFieldResolver<unknown, Types['Context'], object> | undefined {
    const { access, on, fresh } = fieldMarks(config.pothosOptions);
    if (!resolver || !access || access === 'public') return resolver;
    const { authorize, requireFresh } = this.builder.options.access;
    const guard: Guard = { access, on };
    return (parent, args, context, info) => {
      const asked = { info, args };
      authorize(needOf(guard, parent, args), context, asked);
      if (fresh === true || (typeof fresh === 'function' && fresh({ ...args }))) requireFresh(context, asked);
      return resolver(parent, args, context, info);
    };
  }

  /** Every object of a type that names a scope is looked at, wherever it was found. */
  override wrapIsTypeOf(
    isTypeOf: GraphQLIsTypeOfFn<unknown, Types['Context']> | undefined,
    { pothosOptions: { access, on } }: PothosObjectTypeConfig,
  ): GraphQLIsTypeOfFn<unknown, Types['Context']> | undefined {
    if (!access || access === 'inherited' || access === 'public') return isTypeOf;
    const { authorize } = this.builder.options.access;
    const guard: Guard = { access, on };
    return (object, context, info) => {
      authorize(needOf(guard, object, undefined), context, { info, args: {} });
      return isTypeOf ? isTypeOf(object, context, info) : true;
    };
  }

  /** Runs where the arguments are mapped and validated, which the snapshot wants as much as the source. */
  override wrapSubscribe(
    subscribe: GraphQLFieldResolver<unknown, Types['Context'], object> | undefined,
    config: PothosOutputFieldConfig<Types>,
  ): GraphQLFieldResolver<unknown, Types['Context'], object> | undefined {
    const { snapshot, onRights } = fieldMarks(config.pothosOptions);
    if ((!snapshot && !onRights) || !subscribe) return subscribe;
    return async (root, args, context, info) => {
      const source: unknown = await subscribe(root, args, context, info);
      keepBeginnings(source, {
        ...(snapshot && { snapshot: (later) => snapshot({ ...args }, later) }),
        ...(onRights && { onRights: (change, later) => onRights(change, { ...args }, later) }),
      });
      return source;
    };
  }
}

function isRoot({ kind }: { readonly kind: string }): boolean {
  return kind === 'Query' || kind === 'Mutation' || kind === 'Subscription';
}

function checkOn(what: string, access: TypeAccess | undefined, on: On<never, never> | undefined): void {
  if (isServerBound(access) && on === undefined) {
    throw new PothosSchemaError(
      `${what} does not say on which server ${access} must be held; give it an \`on\`.`,
    );
  }
  if (!isServerBound(access) && on !== undefined) {
    throw new PothosSchemaError(`${what} says on which server, and has no access that is held on servers.`);
  }
}

/** Only some kinds of field have all of the options; the rest read as absent. */
function fieldMarks({
  access,
  on,
  fresh,
  perViewer,
  delivery,
  overflow,
  snapshot,
  onRights,
}: FieldMarks): FieldMarks {
  return {
    ...(access && { access }),
    ...(on && { on }),
    ...(fresh && { fresh }),
    ...(perViewer && { perViewer }),
    ...(delivery && { delivery }),
    ...(overflow && { overflow }),
    ...(snapshot && { snapshot }),
    ...(onRights && { onRights }),
  };
}

function mark(config: { extensions?: unknown }, marks: FieldMarks | TypeMarks): void {
  config.extensions = Object.assign({}, config.extensions, { serverkit: marks });
}

SchemaBuilder.registerPlugin(name, AccessPlugin);
