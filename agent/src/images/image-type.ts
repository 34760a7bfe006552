import { builder } from '../builder.ts';
import { LabelType } from '../docker/container-type.ts';
import type { Image, ImageDetails, ImagePage, ImageStep, ImageUser } from './image.ts';

const User = builder.objectRef<ImageUser>('ImageUser').implement({
  description: 'A container that was made from an image.',
  fields: (t) => ({
    id: t.exposeID('id'),
    name: t.exposeString('name'),
    running: t.exposeBoolean('running'),
  }),
});

export const ImageType = builder.objectRef<Image>('Image').implement({
  description: 'An image of the engine. One without tags is dangling.',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'sha256:…' }),
    tags: t.exposeStringList('tags', { description: 'name:tag, by name.' }),
    digests: t.exposeStringList('digests', { description: 'name@sha256:…: what registries call it.' }),
    createdAt: t.expose('createdAt', { type: 'SafeInt', description: 'As its maker says.' }),
    sizeBytes: t.expose('sizeBytes', {
      type: 'SafeInt',
      description: 'Of all of its layers, shared ones included.',
    }),
    labels: t.expose('labels', { type: [LabelType] }),
    containers: t.expose('containers', { type: [User], description: 'Made from it, by name.' }),
  }),
});

export const ImagePageType = builder.objectRef<ImagePage>('ImagePage').implement({
  fields: (t) => ({
    items: t.expose('items', { type: [ImageType] }),
    next: t.exposeString('next', {
      nullable: true,
      description: 'What to pass as after; null on the last page.',
    }),
  }),
});

export const ImageDetailsType = builder.objectRef<ImageDetails>('ImageDetails').implement({
  description: 'One image in depth. Values of environment variables never leave the host.',
  fields: (t) => ({
    image: t.expose('image', { type: ImageType }),
    architecture: t.exposeString('architecture', { description: 'With its variant: arm/v7.' }),
    os: t.exposeString('os'),
    author: t.exposeString('author'),
    comment: t.exposeString('comment'),
    user: t.exposeString('user'),
    workingDir: t.exposeString('workingDir'),
    entrypoint: t.exposeStringList('entrypoint'),
    command: t.exposeStringList('command'),
    environmentNames: t.exposeStringList('environmentNames'),
    exposedPorts: t.exposeStringList('exposedPorts', { description: '80/tcp' }),
    volumes: t.exposeStringList('volumes', { description: 'Folders that become anonymous volumes.' }),
    healthcheck: t.exposeStringList('healthcheck'),
    stopSignal: t.exposeString('stopSignal'),
    layers: t.exposeInt('layers'),
    inspectJson: t.exposeString('inspectJson', {
      description: 'docker image inspect as JSON text, values of environment variables masked.',
    }),
  }),
});

export const ImageStepType = builder.objectRef<ImageStep>('ImageStep').implement({
  description: 'One step of how an image was made.',
  fields: (t) => ({
    createdAt: t.expose('createdAt', { type: 'SafeInt' }),
    createdBy: t.exposeString('createdBy', {
      description: 'The instruction, values masked that look secret by their name.',
    }),
    comment: t.exposeString('comment'),
    sizeBytes: t.expose('sizeBytes', { type: 'SafeInt' }),
    tags: t.exposeStringList('tags'),
  }),
});
