// urql: its Accept lists every media type it can read, and its event streams are split at LF LF.
import { cacheExchange, Client, fetchExchange, subscriptionExchange } from "@urql/core";
import { persistedExchange } from "@urql/exchange-persisted";
import { createClient } from "graphql-ws";
import { pipe, subscribe } from "wonka";
import WebSocket from "ws";
import { equal, ok, recording } from "./checks.mjs";

export const urql = ({ http, ws }) => {
  const client = (exchanges, options = {}) => new Client({ url: http, exchanges, ...options });
  const counted = (using) =>
    new Promise((resolve, reject) => {
      const values = [];
      const take = ({ data, error }) => {
        if (error) reject(error);
        else if (values.push(data.count) === 2) resolve(values);
      };
      pipe(using.subscription("subscription { count(to: 2) }", {}), subscribe(take));
    });

  return {
    "a query and a mutation": async () => {
      const using = client([cacheExchange, fetchExchange]);
      equal((await using.query("{ hello }", {}).toPromise()).data, { hello: "hello world" });
      equal((await using.mutation('mutation { rename(title: "x") }', {}).toPromise()).data, { rename: "x" });
    },
    "errors with their codes": async () => {
      const using = client([fetchExchange]);
      for (const [query, code] of [
        ["{ helo }", "GRAPHQL_VALIDATION_FAILED"],
        ["{ refuse }", "UNAUTHENTICATED"],
        ["{ fail }", "INTERNAL_ERROR"],
      ]) {
        const { error } = await using.query(query, {}).toPromise();
        equal(error.graphQLErrors[0].extensions.code, code);
      }
    },
    "automatic persisted queries": async () => {
      const { asked, fetch } = recording();
      const using = client([persistedExchange({ preferGetForPersistedQueries: true }), fetchExchange], { fetch });
      for (const expected of [["GET", "GET"], ["GET", "GET", "GET"]]) {
        const { data, error } = await using.query("query UrqlPersisted { hello }", {}).toPromise();
        ok(!error, String(error));
        equal(data, { hello: "hello world" });
        equal(asked.map(({ method }) => method), expected);
      }
      ok(!asked[2].url.includes("query="), "the hash was enough");
    },
    "a deferred part comes with the rest": async () => {
      const using = client([fetchExchange]);
      const { data, error } = await using.query("query Pieces { hello ... @defer { viewer } }", {}).toPromise();
      ok(!error, String(error));
      equal(data, { hello: "hello world", viewer: "guest" });
    },
    "a subscription over event streams": async () => {
      equal(await counted(client([fetchExchange], { fetchSubscriptions: true })), [0, 1]);
    },
    "a subscription over WebSocket": async () => {
      const socket = createClient({ url: ws, webSocketImpl: WebSocket });
      const forward = ({ query, variables }) => ({
        subscribe: (sink) => ({ unsubscribe: socket.subscribe({ query, variables }, sink) }),
      });
      equal(await counted(client([subscriptionExchange({ forwardSubscription: forward })])), [0, 1]);
      await socket.dispose();
    },
  };
};
