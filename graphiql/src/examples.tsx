import { useGraphiQL, useGraphiQLActions, type GraphiQLPlugin } from '@graphiql/react';
import audit from '../examples/audit.graphql';
import bulk from '../examples/bulk.graphql';
import containerEvents from '../examples/container-events.graphql';
import containers from '../examples/containers.graphql';
import groups from '../examples/groups.graphql';
import history from '../examples/history.graphql';
import keys from '../examples/keys.graphql';
import logs from '../examples/logs.graphql';
import metrics from '../examples/metrics.graphql';
import overview from '../examples/overview.graphql';
import restartContainer from '../examples/restart-container.graphql';
import servers from '../examples/servers.graphql';
import tokens from '../examples/tokens.graphql';
import users from '../examples/users.graphql';
import verifyAudit from '../examples/verify-audit.graphql';
import viewer from '../examples/viewer.graphql';

interface Example {
  /** One named operation, with a comment as its first line that is its title. */
  readonly query: string;
  readonly variables?: object;
}

const container = { serverId: 'srv_…', containerId: 'name or id' };
const lastDay = { from: new Date(Date.now() - 86_400_000), to: new Date() };

const examples: readonly [Example, ...Example[]] = [
  { query: servers },
  { query: overview },
  { query: groups },
  { query: metrics },
  { query: history, variables: { serverId: 'srv_…', ...lastDay } },
  { query: containers },
  { query: containerEvents },
  { query: restartContainer, variables: { input: container } },
  { query: bulk, variables: { targets: [container] } },
  { query: logs, variables: container },
  { query: viewer },
  { query: users },
  { query: tokens },
  { query: audit },
  { query: verifyAudit },
  { query: keys },
];

const titleOf = ({ query }: Example): string => /^# (.+)/.exec(query)?.[1] ?? '';

/** What the page begins with. */
export const first = examples[0];

/** A list in the sidebar; each opens in a tab of its own. */
export const examplesPlugin: GraphiQLPlugin = {
  title: 'Examples',
  icon: () => (
    <svg viewBox="0 0 24 24" fill="none" stroke="currentColor" strokeWidth="1.5" aria-hidden="true">
      <path d="M4 5h10M4 10h16M4 15h10M4 20h16" />
    </svg>
  ),
  content: Examples,
};

function Examples() {
  const actions = useGraphiQLActions();
  const queryEditor = useGraphiQL((state) => state.queryEditor);
  const variableEditor = useGraphiQL((state) => state.variableEditor);
  const open = ({ query, variables }: Example): void => {
    actions.addTab();
    queryEditor?.setValue(query);
    variableEditor?.setValue(variables ? JSON.stringify(variables, null, 2) : '');
    // The page reads it from the text a moment later, which is too late for a quick hand.
    actions.setOperationName(/^(?:query|mutation|subscription) (\w+)/m.exec(query)?.[1] ?? '');
  };
  return (
    <section className="examples">
      <h2 className="graphiql-doc-explorer-title">Examples</h2>
      {examples.map((example) => (
        <button key={titleOf(example)} type="button" onClick={() => open(example)}>
          {titleOf(example)}
        </button>
      ))}
    </section>
  );
}
