import type { CreditWindow } from '../context.ts';
import type { Authority } from '../docker/privilege/guard.ts';
import type { Source } from '../source.ts';
import type { FilePiece } from './download.ts';
import type { Intake } from './incoming.ts';
import type { FilePage } from './listing.ts';
import type { FilePlace } from './place.ts';
import type { Uploads } from './uploads.ts';

/** Where, on whose behalf, and for how long it is wanted. */
export interface FileRequest {
  readonly place: FilePlace;
  /** Absolute, as it was given. */
  readonly path: string;
  readonly authority: Authority;
  readonly signal: AbortSignal;
}

export type FileChange =
  | { readonly kind: 'FOLDER' }
  /** `recursive`: a folder as well, with all that is in it. */
  | { readonly kind: 'REMOVE'; readonly recursive: boolean }
  | { readonly kind: 'RENAME'; readonly name: string };

/** Archives that images are built from, on their way. */
export type BuildContexts = Intake<null>;

/** Files of containers and volumes. Every method throws AgentError. */
export interface DockerFiles {
  /** What is in a folder. @param after - `next` of the page before */
  list(
    request: FileRequest,
    page: { readonly first: number; readonly after: string | null },
  ): Promise<FilePage>;
  /** @param archive - all that is there as a tar archive, rather than one file as it is */
  download(request: FileRequest, archive: boolean, credits: CreditWindow): Source<FilePiece>;
  /** What somebody does with what is there. @returns where it is then, or was */
  change(request: FileRequest, change: FileChange): Promise<{ readonly path: string }>;
  /** Loaded when somebody uploads. */
  uploads(): Promise<Uploads>;
  /** They share places and disk with the uploads; loaded when somebody builds from one. */
  buildContexts(): Promise<BuildContexts>;
  close(): Promise<void>;
}
