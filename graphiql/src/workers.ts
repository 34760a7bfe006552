/** What Monaco asks for a worker: from our own origin, as the page's policy allows no other. */
const addresses: Readonly<Record<string, string>> = { json: jsonWorker, graphql: graphqlWorker };

Object.assign(globalThis, {
  MonacoEnvironment: {
    getWorker: (_id: string, label: string) => new Worker(addresses[label] ?? editorWorker),
  },
});
