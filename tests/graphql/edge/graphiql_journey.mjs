// Checks of the GraphiQL page's script, run by node: what it fills in, what it keeps, how it signs in.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

const source = readFileSync(process.argv[2], "utf8");
const { pick, fill, journeyFetcher } = new Function(`${source}; return { pick, fill, journeyFetcher };`)();

const data = { a: { nodes: [{ id: 1, variants: [{ s: "OUT" }] }, { id: 2, variants: [{ s: "OUT" }, { s: "IN", id: 7 }] }] } };
assert.equal(pick(data, "a.nodes.0.id"), 1);
assert.equal(pick(data, "a.nodes[variants[s=IN]].id"), 2);
assert.equal(pick(data, "a.nodes[variants[s=IN]].variants[s=IN].id"), 7);
assert.equal(pick(data, "a.nodes[id=2].variants.0.s"), "OUT");
assert.equal(pick(data, "a.nodes[variants[s=GONE]].id"), undefined);
assert.equal(pick(data, "b.c"), undefined);

assert.deepEqual(fill({ input: { n: "{version}", t: "Bearer {buyer}", l: ["{no}"] } }, { version: 3, buyer: "x" }), {
  input: { n: 3, t: "Bearer x", l: ["{no}"] },
});

const sent = [];
let clock = 0;
const send = async (params, options) => {
  sent.push({ params, options });
  if (params.operationName === "SignIn") {
    const token = { "b@x": `t${sent.length}`, "o@x": "owner" }[params.variables.input.email];
    return { data: { signIn: token ? { accessToken: token, accessTokenExpiresAt: new Date(90_000 + clock).toISOString() } : { message: "no such account" } } };
  }
  if (params.operationName === "MyShops") return { data: { me: { shops: options.headers.authorization === "Bearer owner" ? [{ shop: { id: "sel_1" } }] : [] } } };
  if (params.operationName === "Switch") return { data: { switchSeller: { accessToken: `for ${params.variables.input.sellerId}`, accessTokenExpiresAt: new Date(90_000 + clock).toISOString() } } };
  return { data: { cart: { version: 4 } } };
};
let keys = 0;
const fetcher = journeyFetcher({
  send,
  accounts: { buyer: { email: "b@x", password: "p" }, seller: { email: "s@x", password: "p" }, owner: { email: "o@x", password: "p" } },
  keep: { Cart: { cartVersion: "cart.version" } },
  newKey: () => `key${keys++}`,
  now: () => clock,
});
const asBuyer = { headers: { authorization: "Bearer {buyer}" } };

const early = await fetcher({ query: "mutation Pay { x }", variables: { v: "{cartVersion}" } }, {});
assert.match(early.errors[0].message, /\{cartVersion\}/);
const nobody = await fetcher({ query: "mutation Leave { x }", variables: {} }, { headers: { authorization: "Bearer {colleague}" } });
assert.match(nobody.errors[0].message, /\{colleague\}/);
assert.equal(sent.length, 0);

const journey = () => sent.filter(({ params }) => ["Cart", "Pay", "Q"].includes(params.operationName ?? /(\w+) \{/.exec(params.query)[1]));
await fetcher({ query: "query Cart { cart { version } }", variables: {} }, asBuyer);
assert.equal(journey()[0].options.headers.authorization, "Bearer t1");
await fetcher({ query: "mutation Pay { x }", variables: { v: "{cartVersion}", key: "{new}" } }, asBuyer);
assert.deepEqual([journey()[1].params.variables.v, sent.length], [4, 4], "it signs in once");
await fetcher({ query: "mutation Pay { x }", variables: { key: "{new}" } }, asBuyer);
assert.notEqual(journey()[2].params.variables.key, journey()[1].params.variables.key);

clock = 61_000;
await fetcher({ query: "query Cart { cart { version } }" }, asBuyer);
assert.equal(journey()[3].options.headers.authorization, "Bearer t6", "a token about to expire is replaced");
await fetcher({ query: "query Q { x }" }, { headers: { authorization: "Bearer {owner}" } });
assert.equal(journey()[4].options.headers.authorization, "Bearer for sel_1");
await assert.rejects(fetcher({ query: "query Q { x }" }, { headers: { authorization: "Bearer {seller}" } }), /s@x cannot sign in/);
console.log("all is well");
