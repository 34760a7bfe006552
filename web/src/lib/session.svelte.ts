import { onDenied, onUnauthenticated } from './api/transport.ts';
import { Failure, toFailure } from './api/failure.ts';
import { live } from './api/live.svelte.ts';
import { mutate, query } from './api/operations.ts';
import { forgetProof, keepProof, proofKey, readProof } from './api/proof.ts';
import type {
  AcceptInvitationInput,
  CompleteSetupInput,
  CompleteSignInInput,
  Session_BootQuery,
  SignInInput,
} from './generated/graphql.ts';
import { graphql } from './generated/gql.ts';

const Boot = graphql(`
  query Session_Boot {
    viewer {
      user {
        id
        email
        name
        role
        access
        secondFactor
      }
      scopes
      session {
        id
      }
    }
    controlPlane {
      version
      publicUrl
      tls
      startedAt
      joinability {
        possible
        reason
        message
        urls
      }
      permissionProfiles {
        profile
        scopes
      }
      scopes {
        name
        dangerous
      }
    }
  }
`);

const SetupNeeded = graphql(`
  query Session_SetupNeeded {
    setupStatus {
      needed
    }
  }
`);

const SignIn = graphql(`
  mutation Session_SignIn($input: SignInInput!) {
    signIn(input: $input) {
      sessionProof
      secondFactor {
        challenge
      }
    }
  }
`);

const CompleteSignIn = graphql(`
  mutation Session_CompleteSignIn($input: CompleteSignInInput!) {
    completeSignIn(input: $input) {
      sessionProof
    }
  }
`);

const AcceptInvitation = graphql(`
  mutation Session_AcceptInvitation($input: AcceptInvitationInput!) {
    acceptInvitation(input: $input) {
      sessionProof
    }
  }
`);

const CompleteSetup = graphql(`
  mutation Session_CompleteSetup($input: CompleteSetupInput!) {
    completeSetup(input: $input) {
      sessionProof
    }
  }
`);

const SignOut = graphql(`
  mutation Session_SignOut {
    signOut(input: {}) {
      ok
    }
  }
`);

export type SessionState = 'unknown' | 'setup' | 'signedOut' | 'signedIn';

/** Who is using this browser, and what they may do. */
class BrowserSession {
  state = $state<SessionState>('unknown');
  #boot = $state.raw<Session_BootQuery | null>(null);
  #opening: Promise<void> | null = null;
  #rereading = false;
  #deniedAgain = false;
  #run = 0;
  #scopes = $derived(new Set(this.#boot?.viewer.scopes ?? []));
  #leave: () => void = () => undefined;
  readonly #forgets: (() => void)[] = [];

  constructor() {
    onUnauthenticated(() => this.#ended());
    onDenied(() => this.#reread());
    addEventListener('storage', (event) => {
      if (event.key === proofKey && event.newValue === null) this.#ended();
    });
  }

  get user(): Session_BootQuery['viewer']['user'] {
    return this.#signedIn().viewer.user;
  }

  get controlPlane(): Session_BootQuery['controlPlane'] {
    return this.#signedIn().controlPlane;
  }

  may(scope: string): boolean {
    return this.#scopes.has(scope);
  }

  /** Whether it may be done on every server, and to what is no server: not so for who is limited to grants. */
  mayEverywhere(scope: string): boolean {
    return this.may(scope) && this.user.access === 'ALL';
  }

  /** Sets what happens when the session is over while a page is on show. */
  onEnd(leave: () => void): void {
    this.#leave = leave;
  }

  /** What is kept for whoever is signed in, and must not be there for the next one. */
  onForget(forget: () => void): void {
    this.#forgets.push(forget);
  }

  /** Finds out who is here. Asks once; throws a failure when the API cannot be reached. */
  async open(): Promise<SessionState> {
    if (this.state === 'unknown') {
      this.#opening ??= this.#find().finally(() => (this.#opening = null));
      await this.#opening;
    }
    return this.state;
  }

  /** Answers with the challenge of the second step; null when there is none and this was all. */
  async signIn(input: SignInInput): Promise<string | null> {
    const { signIn } = await mutate(SignIn, { input });
    if (signIn.secondFactor) return signIn.secondFactor.challenge;
    await this.#enter(signIn.sessionProof);
    return null;
  }

  async completeSignIn(input: CompleteSignInInput): Promise<void> {
    const { completeSignIn } = await mutate(CompleteSignIn, { input });
    await this.#enter(completeSignIn.sessionProof);
  }

  async acceptInvitation(input: AcceptInvitationInput): Promise<void> {
    const { acceptInvitation } = await mutate(AcceptInvitation, { input });
    await this.#enter(acceptInvitation.sessionProof);
  }

  async completeSetup(input: CompleteSetupInput): Promise<void> {
    const { completeSetup } = await mutate(CompleteSetup, { input });
    await this.#enter(completeSetup.sessionProof);
  }

  async signOut(): Promise<void> {
    await mutate(SignOut, {});
    this.#ended();
  }

  /** Reads again who is here: a name, a role or a second factor has changed. */
  async refresh(): Promise<void> {
    const run = ++this.#run;
    const { data } = await query(Boot, {});
    // Asked again since, or nobody is signed in any more.
    if (run === this.#run) this.#boot = data;
  }

  /** Rights were taken away: several subscriptions say so at once, and one more look is enough for all of them. */
  #reread(): void {
    this.#deniedAgain = true;
    if (this.#rereading) return;
    this.#rereading = true;
    void this.#rereadAll().finally(() => (this.#rereading = false));
  }

  async #rereadAll(): Promise<void> {
    while (this.#deniedAgain) {
      this.#deniedAgain = false;
      // Should it fail, whatever is asked for next tells why it cannot be had.
      await this.refresh().catch(() => undefined);
    }
  }

  async #enter(proof: string | null | undefined): Promise<void> {
    if (!proof) throw new Failure('INTERNAL', 'The answer holds no session.');
    this.#close();
    keepProof(proof);
    this.state = 'unknown';
    await this.open();
  }

  async #find(): Promise<void> {
    if (readProof() !== null) {
      // The socket is up by the time that the page which needs it is there.
      live.start({ proof: readProof, onSessionOver: () => this.#ended() });
      try {
        this.#boot = (await query(Boot, {})).data;
        this.state = 'signedIn';
        return;
      } catch (error) {
        const failure = toFailure(error);
        if (failure.code !== 'UNAUTHENTICATED') throw failure;
        this.#close();
      }
    }
    const { data } = await query(SetupNeeded, {});
    this.state = data.setupStatus.needed ? 'setup' : 'signedOut';
  }

  #ended(): void {
    const wasIn = this.state === 'signedIn';
    this.#close();
    if (!wasIn) return;
    this.state = 'signedOut';
    for (const forget of this.#forgets) forget();
    this.#leave();
  }

  #close(): void {
    this.#run++;
    forgetProof();
    live.stop();
    this.#boot = null;
  }

  #signedIn(): Session_BootQuery {
    if (!this.#boot) throw new Error('Nobody is signed in.');
    return this.#boot;
  }
}

export const session = new BrowserSession();
