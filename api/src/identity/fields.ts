import * as z from 'zod';
import { nameText } from '../input-text.ts';
import { passwordLength } from './password-rules.ts';

/** A person's name as shown to others. */
export const nameShape = nameText(100);

/** Bounds the work only: what a password must be like depends on whose it is, and the service says it. */
export const secretShape = z.string().max(passwordLength.max * 4, 'is too long');

/** For the descriptions of fields that set a password. */
export const passwordRules = `${passwordLength.min} to ${passwordLength.max} characters; not the e-mail address, nor one that everybody tries first.`;
