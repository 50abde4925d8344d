// Apollo Client: queries, mutations, automatic persisted queries, pieces, subscriptions over all three transports.
import { createHash } from "node:crypto";
import { ApolloClient, ApolloLink, gql, HttpLink, InMemoryCache } from "@apollo/client";
import { CombinedGraphQLErrors } from "@apollo/client/errors";
import { GraphQL17Alpha9Handler } from "@apollo/client/incremental";
import { PersistedQueryLink } from "@apollo/client/link/persisted-queries";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions";
import { createClient } from "graphql-ws";
import WebSocket from "ws";
import { collected, equal, ok, recording } from "./checks.mjs";

export const apollo = ({ http, ws }) => {
  const client = (link, options = {}) => new ApolloClient({ link, cache: new InMemoryCache(), ...options });
  const overHttp = (options) => new HttpLink({ uri: http, headers: { authorization: "Bearer ada" }, ...options });
  const persisted = new PersistedQueryLink({
    sha256: (text) => createHash("sha256").update(text).digest("hex"),
    useGETForHashedQueries: true,
  });

  return {
    "a query and a mutation": async () => {
      const using = client(overHttp());
      equal((await using.query({ query: gql`{ viewer }` })).data, { viewer: "ada" });
      equal((await using.mutate({ mutation: gql`mutation { rename(title: "x") }` })).data, { rename: "x" });
      using.stop();
    },
    "errors with their codes": async () => {
      const using = client(overHttp());
      for (const [query, code] of [
        [gql`{ helo }`, "GRAPHQL_VALIDATION_FAILED"],
        [gql`{ refuse }`, "UNAUTHENTICATED"],
        [gql`{ fail }`, "INTERNAL_ERROR"],
      ]) {
        const error = await using.query({ query }).catch((caught) => caught);
        ok(CombinedGraphQLErrors.is(error), String(error));
        equal(error.errors[0].extensions.code, code);
      }
      using.stop();
    },
    "automatic persisted queries": async () => {
      const { asked, fetch } = recording();
      const using = client(ApolloLink.from([persisted, overHttp({ fetch })]));
      const query = gql`query ApolloPersisted { hello }`;
      for (const expected of [["GET", "POST"], ["GET", "POST", "GET"]]) {
        equal((await using.query({ query, fetchPolicy: "network-only" })).data, { hello: "hello world" });
        equal(asked.map(({ method }) => method), expected);
      }
      ok(!asked[2].url.includes("query="), "the hash was enough");
      using.stop();
    },
    "a deferred part comes with the rest": async () => {
      const using = client(overHttp(), { incrementalHandler: new GraphQL17Alpha9Handler() });
      const query = gql`query Pieces { hello ... @defer { viewer } }`;
      equal((await using.query({ query })).data, { __typename: "Query", hello: "hello world", viewer: "ada" });
      using.stop();
    },
    "a subscription over multipart": async () => {
      const using = client(overHttp());
      const source = using.subscribe({ query: gql`subscription { count(to: 2) }` });
      const values = await collected((sink) => source.subscribe(sink));
      equal(values.map(({ data }) => data.count), [0, 1]);
      using.stop();
    },
    "a subscription over WebSocket": async () => {
      const socket = createClient({ url: ws, webSocketImpl: WebSocket });
      const using = client(new GraphQLWsLink(socket));
      const source = using.subscribe({ query: gql`subscription { count(to: 2) }` });
      const values = await collected((sink) => source.subscribe(sink));
      equal(values.map(({ data }) => data.count), [0, 1]);
      using.stop();
      await socket.dispose();
    },
  };
};
