import { builder } from '../builder.ts';
import { LabelType } from '../containers/types.ts';
import { askerOf } from '../graphql/held.ts';
import { ServerType } from '../servers/server-type.ts';
import type { ImageDetails, ImageStep, SeenImage } from './service.ts';

const ImageUser = builder.objectRef<SeenImage['image']['containers'][number]>('ImageUser').implement({
  access: 'inherited',
  description: 'A container that was made from an image.',
  fields: (t) => ({
    containerId: t.exposeID('id', { description: "By Docker's id." }),
    name: t.exposeString('name', { description: 'Its name.' }),
    running: t.exposeBoolean('running', { description: 'Whether it runs, or is paused.' }),
  }),
});

const Details = builder.objectRef<ImageDetails>('ImageDetails').implement({
  access: 'inherited',
  description: 'What only inspecting an image tells.',
  fields: (t) => ({
    architecture: t.exposeString('architecture', { description: 'amd64, arm64, arm/v7, ….' }),
    author: t.exposeString('author', { description: 'Who made it; mostly empty.' }),
    command: t.exposeStringList('command', { description: 'What runs, or is given to the entrypoint.' }),
    comment: t.exposeString('comment', { description: 'What its maker noted; mostly empty.' }),
    entrypoint: t.exposeStringList('entrypoint', { description: 'The program that is started.' }),
    environmentNames: t.exposeStringList('environmentNames', {
      description: 'Names only: values can be secrets.',
    }),
    exposedPorts: t.exposeStringList('exposedPorts', { description: 'Such as 80/tcp.' }),
    healthcheck: t.exposeStringList('healthcheck', {
      description: 'The health check as Docker runs it; empty when there is none.',
    }),
    inspectJson: t.exposeString('inspectJson', {
      description: 'All of it as JSON text, values of environment variables masked.',
    }),
    layers: t.exposeInt('layers', { description: 'How many layers it has.' }),
    os: t.exposeString('os', { description: 'linux or windows.' }),
    stopSignal: t.exposeString('stopSignal', { description: "What stops it; empty for Docker's SIGTERM." }),
    user: t.exposeString('user', { description: 'The account it runs as; empty for root.' }),
    volumes: t.exposeStringList('volumes', { description: 'Folders that become anonymous volumes.' }),
    workingDir: t.exposeString('workingDir', { description: 'The directory it starts in.' }),
  }),
});

const Step = builder.objectRef<ImageStep>('ImageStep').implement({
  access: 'inherited',
  description: 'One step of how an image was made.',
  fields: (t) => ({
    comment: t.exposeString('comment', { description: 'What the builder noted; mostly empty.' }),
    createdAt: t.field({
      type: 'DateTime',
      description: 'When it was made.',
      resolve: ({ createdAt }) => new Date(createdAt),
    }),
    createdBy: t.exposeString('createdBy', {
      description: 'The instruction; values are masked that look secret by their name.',
    }),
    sizeBytes: t.expose('sizeBytes', { type: 'SafeInt', description: 'What it added.' }),
    tags: t.exposeStringList('tags', { description: 'Names that end at this step.' }),
  }),
});

export const ImageType = builder.objectRef<SeenImage>('Image').implement({
  access: 'docker:images:read',
  on: ({ serverId }) => serverId,
  description: 'A Docker image on a server.',
  fields: (t) => ({
    containers: t.field({
      type: [ImageUser],
      description: 'Containers that were made from it, by name.',
      resolve: ({ image }) => image.containers,
    }),
    createdAt: t.field({
      type: 'DateTime',
      description: 'When it was made, as its maker says.',
      resolve: ({ image }) => new Date(image.createdAt),
    }),
    dangling: t.boolean({
      description: 'Whether it has no tag.',
      resolve: ({ image }) => image.tags.length === 0,
    }),
    details: t.field({
      type: Details,
      nullable: true,
      description: 'What inspecting tells; asks the agent. Null when it is gone.',
      resolve: ({ serverId, image }, _args, { services, principal }) =>
        services.images.details(serverId, image.id, askerOf(principal)),
    }),
    digests: t.stringList({
      description: 'What registries call it: name@sha256:….',
      resolve: ({ image }) => image.digests,
    }),
    history: t.field({
      type: [Step],
      nullable: true,
      description: 'How it was made, newest step first; asks the agent.',
      resolve: ({ serverId, image }, _args, { services, principal }) =>
        services.images.history(serverId, image.id, askerOf(principal)),
    }),
    id: t.id({ description: "Docker's id, sha256:….", resolve: ({ image }) => image.id }),
    labels: t.field({ type: [LabelType], description: 'Its labels.', resolve: ({ image }) => image.labels }),
    server: t.prismaField({
      type: ServerType,
      description: 'The server it is on.',
      resolve: (query, { serverId }, _args, { db }) =>
        db.prisma.server.findUniqueOrThrow({ ...query, where: { id: serverId } }),
    }),
    sizeBytes: t.field({
      type: 'SafeInt',
      description: 'All of its layers, those included that other images have as well.',
      resolve: ({ image }) => image.sizeBytes,
    }),
    tags: t.stringList({ description: 'Its names, name:tag.', resolve: ({ image }) => image.tags }),
  }),
});
