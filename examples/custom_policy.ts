// deno-lint-ignore-file no-console
/**
 * A policy of one's own: every request goes to the server with the largest weight that is up, and
 * the others are its spares. A policy only chooses; health, retries and counts are not its concern.
 *
 * Run it: `deno run --allow-net examples/custom_policy.ts`
 */
import { type CandidateList, LoadBalancer, type Policy, type TableView } from "@ballast/lb";

/** The largest weight first. */
class Spares implements Policy {
  pick({ slots, length }: CandidateList, table: TableView): number {
    let best = slots[0]!;
    for (let i = 1; i < length; i++) {
      if (table.weight(slots[i]!) > table.weight(best)) best = slots[i]!;
    }
    return best;
  }
}

const balancer = new LoadBalancer({
  policy: new Spares(),
  servers: [
    { url: "http://127.0.0.1:3001", weight: 3 },
    { url: "http://127.0.0.1:3002", weight: 2 },
    { url: "http://127.0.0.1:3003", weight: 1 },
  ],
});

await balancer.listen({ port: 8080 });
console.log("Listening on http://localhost:8080/");
