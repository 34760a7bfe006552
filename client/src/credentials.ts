import type { ClientOptions } from './options.ts';

/** What says who asks, for both ways to the API. */
export interface Credentials {
  headers(): Promise<Readonly<Record<string, string>>>;
  connectionParams(): Promise<Readonly<Record<string, unknown>>>;
}

type Given = Pick<ClientOptions, 'token' | 'headers' | 'connectionParams'>;

export function credentialsOf({ token, headers, connectionParams }: Given): Credentials {
  const bearer = async (): Promise<{ authorization?: string }> => {
    const secret = typeof token === 'function' ? await token() : token;
    return secret === undefined ? {} : { authorization: `Bearer ${secret}` };
  };
  return {
    headers: async () => ({ ...(typeof headers === 'function' ? headers() : headers), ...(await bearer()) }),
    connectionParams: async () => ({ ...connectionParams?.(), ...(await bearer()) }),
  };
}
