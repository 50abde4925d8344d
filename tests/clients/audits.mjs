// The audits of the GraphQL-over-HTTP specification.
import { auditServer } from "graphql-http";

export async function audits({ http }) {
  const found = await auditServer({ url: http });
  return Object.fromEntries(
    found.map((audit) => [`${audit.id} ${audit.name}`, audit.status === "ok" ? "ok" : `${audit.status}: ${audit.reason}`]),
  );
}
