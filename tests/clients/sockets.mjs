// graphql-ws: the reference client of graphql-transport-ws.
import { createClient } from "graphql-ws";
import WebSocket from "ws";
import { collected, equal, ok } from "./checks.mjs";

export const sockets = ({ ws }) => {
  const client = (options = {}) => createClient({ url: ws, webSocketImpl: WebSocket, ...options });
  const ask = (using, query, variables) => collected((sink) => using.subscribe({ query, variables }, sink));

  return {
    "a query, a mutation and a subscription": async () => {
      const using = client();
      equal(await ask(using, "{ hello }"), [{ data: { hello: "hello world" } }]);
      equal(await ask(using, "mutation ($t: String!) { rename(title: $t) }", { t: "x" }), [{ data: { rename: "x" } }]);
      equal(await ask(using, "subscription { count(to: 2) }"), [{ data: { count: 0 } }, { data: { count: 1 } }]);
      await using.dispose();
    },
    "the token of connection_init": async () => {
      const using = client({ connectionParams: { token: "ada" } });
      equal(await ask(using, "{ viewer }"), [{ data: { viewer: "ada" } }]);
      await using.dispose();
    },
    "a rejected token is final": async () => {
      let attempts = 0;
      const using = client({
        connectionParams: { token: "bad" },
        retryAttempts: 3,
        retryWait: async () => undefined,
        on: { opened: () => (attempts += 1) },
      });
      const close = await ask(using, "{ hello }").catch((error) => error);
      equal([close.code, attempts], [4401, 1]);
    },
    "a lost context is tried again": async () => {
      let attempts = 0;
      const using = client({
        connectionParams: () => ({ token: (attempts += 1) < 3 ? "lost" : "ada" }),
        retryAttempts: 5,
        retryWait: async () => undefined,
      });
      equal(await ask(using, "{ viewer }"), [{ data: { viewer: "ada" } }]);
      equal(attempts, 3);
      await using.dispose();
    },
    "a request error leaves the socket alone": async () => {
      let closed = 0;
      const using = client({ lazy: false, onNonLazyError: () => undefined, on: { closed: () => (closed += 1) } });
      for (const query of ["{ hello", "{ helo }"]) {
        const errors = await ask(using, query).catch((error) => error);
        ok(errors[0].extensions.code.startsWith("GRAPHQL_"), JSON.stringify(errors));
      }
      equal(await ask(using, "{ hello }"), [{ data: { hello: "hello world" } }]);
      equal(closed, 0);
      await using.dispose();
    },
  };
};
