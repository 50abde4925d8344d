// Runs every client against the edge at the given addresses and prints what came of it as one JSON object.
import { apollo } from "./apollo.mjs";
import { audits } from "./audits.mjs";
import { run } from "./checks.mjs";
import { events } from "./events.mjs";
import { sockets } from "./sockets.mjs";
import { urql } from "./urql.mjs";

const [http, ws] = process.argv.slice(2);
const edge = { http, ws };

// urql cancels a stream that it has already aborted and does not look at the promise.
process.on("unhandledRejection", (reason) => {
  if (reason?.name !== "AbortError") throw reason;
});

const results = {
  audits: await audits(edge),
  sockets: await run(sockets(edge)),
  events: await run(events(edge)),
  apollo: await run(apollo(edge)),
  urql: await run(urql(edge)),
};
process.stdout.write(JSON.stringify(results), () => process.exit(0));
