// What the page adds to GraphiQL: "{name}" in variables and headers is filled in when an operation is sent.
// Values are kept from earlier answers; "{new}" is a fresh key; "{buyer}" and the like are tokens of demo accounts.

// `a.b.0.c`, and `a[x.y=VALUE].b`: the first element whose x.y is VALUE; `a[x[y=VALUE]].b`: that has such an x.
function pick(value, path) {
  let rest = path;
  while (rest !== "" && value !== null && value !== undefined) {
    const name = /^[A-Za-z0-9_]+/.exec(rest)[0];
    value = value[name];
    rest = rest.slice(name.length);
    if (rest.startsWith("[")) {
      const end = closing(rest);
      const condition = rest.slice(1, end);
      value = (value ?? []).find((each) => holds(each, condition));
      rest = rest.slice(end + 1);
    }
    rest = rest.replace(/^\./, "");
  }
  return value;
}

function closing(text) {
  let depth = 0;
  for (let place = 0; place < text.length; place++) {
    if (text[place] === "[") depth++;
    if (text[place] === "]" && --depth === 0) return place;
  }
  throw new Error(`no ] in ${text}`);
}

function holds(value, condition) {
  const plain = /^([A-Za-z0-9_.]+)=(\w+)$/.exec(condition);
  if (plain) return String(pick(value, plain[1])) === plain[2];
  return pick(value, condition) !== undefined;
}

// A string that is one placeholder becomes the value itself; within other text it becomes its text.
function fill(value, known) {
  if (typeof value === "string") {
    const whole = /^\{(\w+)\}$/.exec(value);
    if (whole && whole[1] in known) return known[whole[1]];
    return value.replace(/\{(\w+)\}/g, (found, name) => (name in known ? String(known[name]) : found));
  }
  if (Array.isArray(value)) return value.map((each) => fill(each, known));
  if (value !== null && typeof value === "object") {
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, fill(each, known)]));
  }
  return value;
}

function missing(value, accounts) {
  const found = JSON.stringify(value ?? {}).match(/"[^"]*\{(\w+)\}[^"]*"/g) ?? [];
  return found.map((text) => /\{(\w+)\}/.exec(text)[1]).filter((name) => !(name in accounts));
}

const SIGN_IN = `mutation SignIn($input: SignInInput!) { signIn(input: $input) { __typename
  ... on SignInSuccess { accessToken accessTokenExpiresAt } ... on UserError { message } } }`;
const MY_SHOPS = `query MyShops { me { shops { shop { id } } } }`;
const SWITCH = `mutation Switch($input: SwitchSellerInput!) { switchSeller(input: $input) {
  ... on SwitchSellerSuccess { accessToken accessTokenExpiresAt } } }`;

// `send(params, options)` is GraphiQL's own fetcher; `accounts` maps a viewer to an e-mail address and a password.
function journeyFetcher({ send, accounts, keep, newKey, now = Date.now }) {
  const known = {};
  const sessions = {};

  async function token(viewer) {
    const session = sessions[viewer];
    if (session && session.until > now()) return session.token;
    const ask = async (operationName, query, variables, headers) =>
      (await send({ query, operationName, variables }, { headers })).data;
    let tokens = (await ask("SignIn", SIGN_IN, { input: accounts[viewer] }, {}))?.signIn;
    if (!tokens?.accessToken) throw new Error(`${accounts[viewer].email} cannot sign in: ${tokens?.message ?? "no answer"}`);
    // Whoever has a shop acts for it from here on.
    const headers = { authorization: `Bearer ${tokens.accessToken}` };
    const shops = (await ask("MyShops", MY_SHOPS, {}, headers))?.me?.shops ?? [];
    if (shops.length) {
      tokens = (await ask("Switch", SWITCH, { input: { sellerId: shops[0].shop.id } }, headers)).switchSeller;
    }
    sessions[viewer] = { token: tokens.accessToken, until: Date.parse(tokens.accessTokenExpiresAt) - 30_000 };
    return tokens.accessToken;
  }

  function learn(operationName, data) {
    for (const [name, path] of Object.entries(keep[operationName] ?? {})) {
      const found = pick(data, path);
      if (found !== undefined && found !== null) known[name] = found;
    }
  }

  return async (params, options) => {
    const name = params.operationName ?? /(?:query|mutation|subscription)\s+(\w+)/.exec(params.query)?.[1];
    const values = { ...known, new: newKey() };
    for (const viewer of Object.keys(accounts)) {
      if (JSON.stringify(options?.headers ?? {}).includes(`{${viewer}}`)) values[viewer] = await token(viewer);
    }
    const variables = fill(params.variables, values);
    const headers = fill(options?.headers ?? {}, values);
    const left = missing({ variables, headers }, accounts);
    if (left.length) return { errors: [{ message: `Nothing is known yet of {${left.join("}, {")}}: send the tabs before this one first, or write it there yourself.` }] };
    const answer = await send({ ...params, variables }, { ...options, headers });
    if (answer && answer.data) learn(name, answer.data);
    return answer;
  };
}
