import './workers.ts';
import { DOC_EXPLORER_PLUGIN } from '@graphiql/plugin-doc-explorer';
import { HISTORY_PLUGIN } from '@graphiql/plugin-history';
import { GraphiQL } from 'graphiql';
import { createRoot } from 'react-dom/client';
import { examplesPlugin, first } from './examples.tsx';
import { fetcher } from './fetcher.ts';
import { onTheme, readProof, readTheme, signIn } from './session.ts';
import { storage } from './storage.ts';

const plugins = [HISTORY_PLUGIN, examplesPlugin];
const place = document.getElementById('graphiql');

if (readProof() === null) signIn();
else if (place) {
  const root = createRoot(place);
  const show = (): void => root.render(<Page theme={readTheme()} />);
  onTheme(show);
  show();
}

function Page({ theme }: { readonly theme: 'light' | 'dark' }) {
  return (
    <GraphiQL
      fetcher={fetcher}
      storage={storage}
      plugins={plugins}
      referencePlugin={DOC_EXPLORER_PLUGIN}
      defaultQuery={first.query}
      forcedTheme={theme}
      showPersistHeadersSettings={false}
      inputValueDeprecation
    >
      <GraphiQL.Logo>
        <a className="home" href="/">
          ServerKit
        </a>
      </GraphiQL.Logo>
    </GraphiQL>
  );
}
