// graphql-sse: the reference client of server-sent events, in the distinct-connections mode.
import { createClient } from "graphql-sse";
import { collected, equal, ok } from "./checks.mjs";

export const events = ({ http }) => {
  const client = createClient({ url: http, headers: { authorization: "Bearer ada" }, retryAttempts: 0 });
  const ask = (query) => collected((sink) => client.subscribe({ query }, sink));

  return {
    "a query, a mutation and a subscription": async () => {
      equal(await ask("{ viewer }"), [{ data: { viewer: "ada" } }]);
      equal(await ask('mutation { rename(title: "x") }'), [{ data: { rename: "x" } }]);
      equal(await ask("subscription { count(to: 2) }"), [{ data: { count: 0 } }, { data: { count: 1 } }]);
    },
    "a request error": async () => {
      const [answer] = await ask("{ helo }");
      equal(answer.errors[0].extensions.code, "GRAPHQL_VALIDATION_FAILED");
      ok(!("data" in answer));
    },
    "leaving in the middle": async () => {
      const source = client.iterate({ query: "subscription { wait }" });
      equal((await source.next()).value, { data: { wait: 0 } });
      await source.return();
    },
  };
};
