import * as z from 'zod';
import { builder } from '../builder.ts';
import { linesText, nameText } from '../input-text.ts';
import { PermissionProfileEnum } from './server-type.ts';

const name = nameText(100);
const description = linesText(500);
const tags = z
  .array(nameText(40))
  .max(20, 'at most 20 tags')
  .transform((list) => [...new Set(list)]);
const scopes = z.array(z.string().max(100)).max(100);

export const CreateServerInput = builder.inputType('CreateServerInput', {
  fields: (t) => ({
    description: t.string({
      description: 'At most 500 characters.',
      validate: description,
    }),
    name: t.string({
      required: true,
      description: "1 to 100 characters, unlike every other server's.",
      validate: name,
    }),
    profile: t.field({
      type: PermissionProfileEnum,
      required: true,
      defaultValue: 'docker_manager',
      description: 'What can be done on it at most.',
    }),
    scopes: t.stringList({
      description: 'Patterns; needed with CUSTOM, refused with the other profiles.',
      validate: scopes,
    }),
    tags: t.stringList({ description: 'At most 20 of 1 to 40 characters.', validate: tags }),
  }),
});

export const UpdateServerInput = builder.inputType('UpdateServerInput', {
  fields: (t) => ({
    description: t.string({ description: 'At most 500 characters.', validate: description }),
    maintenance: t.boolean({ description: 'Whether somebody works on it.' }),
    name: t.string({ description: "1 to 100 characters, unlike every other server's.", validate: name }),
    profile: t.field({
      type: PermissionProfileEnum,
      description: 'What can be done on it at most. Needs servers:register too.',
    }),
    scopes: t.stringList({
      description:
        'Patterns; needed with CUSTOM, refused with the other profiles. Needs servers:register too.',
      validate: scopes,
    }),
    serverId: t.id({ required: true }),
    tags: t.stringList({
      description: 'All of its tags from now on: at most 20 of 1 to 40 characters.',
      validate: tags,
    }),
  }),
});

/** The input of every mutation that needs to know nothing but the server. */
export function serverInput(typeName: string) {
  return builder.inputType(typeName, { fields: (t) => ({ serverId: t.id({ required: true }) }) });
}

export const RegisterAgentInput = builder.inputType('RegisterAgentInput', {
  fields: (t) => ({
    facts: t.string({
      required: true,
      description: 'JSON text; the signature and the MAC cover these bytes.',
      validate: z.string().max(64 * 1024),
    }),
    mac: t.string({ required: true, description: 'HMAC-SHA-256 over the transcript, base64url.' }),
    nonce: t.string({ required: true, description: '32 random bytes, base64url.' }),
    publicKey: t.string({ required: true, description: 'Raw Ed25519 public key, base64url.' }),
    signature: t.string({ required: true, description: 'Ed25519 signature over the transcript, base64url.' }),
    tokenId: t.string({ required: true, description: 'The id inside the registration token.' }),
  }),
});
