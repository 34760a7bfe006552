/** Addresses of the editor's workers, put in by build.ts. */
declare const editorWorker: string;
declare const jsonWorker: string;
declare const graphqlWorker: string;

declare module '*.graphql' {
  const text: string;
  export default text;
}
