/** A server that is asked for things and answers when it is told to, in the order of asking. */
export function slowServer<Asked>() {
  const asked: Asked[] = [];
  let answers: PromiseWithResolvers<void>[] = [];
  return {
    /** All that it was asked for. */
    asked,
    ask: (what: Asked): Promise<void> => {
      asked.push(what);
      const answer = Promise.withResolvers<void>();
      answers.push(answer);
      return answer.promise;
    },
    /** Resolves when whoever asked has heard it. @param error - in the place of a yes */
    answer: async (error?: Error): Promise<void> => {
      const [first, ...rest] = answers;
      answers = rest;
      if (error) first?.reject(error);
      else first?.resolve();
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}
