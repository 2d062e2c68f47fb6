import { assert, assertEquals } from "@std/assert";
import { EtcdClient } from "../../src/cluster/etcd/etcd_client.ts";
import { type EtcdChange, keysUnder } from "../../src/cluster/etcd/etcd_types.ts";
import { SeededRandom } from "../chaos/random.ts";
import { serverPath } from "../testing/admin_caller.ts";
import { EtcdCluster, etcdTest } from "../testing/etcd_cluster.ts";
import { type Joined, joinSeveral, serversIn } from "./joining.ts";
import { until } from "../testing/until.ts";

/** Number of changes on all balancers together. */
const CHANGES = 500;
/** Number of concurrent admins per balancer. */
const ADMINS = 4;
/** Number of servers, small enough for the admins to conflict. */
const URLS = Array.from({ length: 40 }, (_, i) => `http://127.0.0.1:${3001 + i}`);
const PREFIX = "/three/";

/** A change that was answered, successfully or not. */
interface Attempt {
  /** The unique name that it gives a server, unless it deletes it. */
  readonly name: string;
  readonly url: string;
  readonly type: "add" | "update" | "delete";
  readonly status: number;
  readonly sentAt: number;
}

/** Watches all changes under a prefix, independently of the balancers. */
class History implements AsyncDisposable {
  readonly changes: EtcdChange[] = [];
  readonly #abort = new AbortController();
  readonly #etcd;
  readonly #watching: Promise<void>;

  constructor(endpoints: readonly string[]) {
    this.#etcd = new EtcdClient({ endpoints });
    this.#watching = this.#etcd.watch({
      keys: keysUnder(`${PREFIX}servers/`),
      revision: 1,
      signal: this.#abort.signal,
      onChanges: (changes) => {
        this.changes.push(...changes);
      },
    });
  }

  /** Waits for a revision. */
  async until(revision: number): Promise<void> {
    await until(
      `revision ${revision}`,
      () => this.changes.some((change) => revisionOf(change) >= revision),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort();
    await this.#watching;
    this.#etcd[Symbol.dispose]();
  }
}

function revisionOf(change: EtcdChange): number {
  return change.type === "put" ? change.keyValue.modRevision : change.modRevision;
}

/** Makes a random change, which is valid as far as this balancer knows in nine of ten cases. */
async function attempt(one: Joined, name: string, random: SeededRandom): Promise<Attempt> {
  const { admin } = one;
  const url = random.oneOf(URLS);
  const isThere = (one.servers[url] !== undefined) === random.chance(90);
  const type = isThere ? random.oneOf(["update", "update", "delete"] as const) : "add";
  const sentAt = performance.now();
  const body = { url, name, weight: random.between(0, 100), health_check_period: 0 };
  const { status } = type === "delete"
    ? await admin.call("DELETE", serverPath(url))
    : await admin.call("POST", `/${type}`, { body });
  return { name, url, type, status, sentAt };
}

/** A percentile of durations, in milliseconds. */
function percentile(values: readonly number[], percent: number): number {
  const sorted = [...values].sort((one, other) => one - other);
  return Math.round(sorted[Math.ceil(sorted.length * percent / 100) - 1]! * 10) / 10;
}

etcdTest(
  `after ${CHANGES} changes from three balancers at once, all are what etcd is`,
  async () => {
    await using cluster = await EtcdCluster.start({ members: 3 });
    await using history = new History(cluster.endpoints);
    await using joined = await joinSeveral(3, cluster, PREFIX);
    const seenAt = new Map<string, number[]>();
    for (const { balancer } of joined.all) {
      balancer.events.subscribe(({ type, server: { name } }) => {
        if (type !== "added" && type !== "updated") return;
        seenAt.set(name, [...seenAt.get(name) ?? [], performance.now()]);
      });
    }
    const random = new SeededRandom(7);
    const attempts: Attempt[] = [];
    let begun = 0;
    const admins = joined.all.flatMap((one) => Array.from({ length: ADMINS }, () => one));
    await Promise.all(admins.map(async (one) => {
      while (begun < CHANGES) attempts.push(await attempt(one, `change-${begun++}`, random));
    }));

    const dump = await serversIn(cluster, PREFIX);
    for (const one of joined.all) {
      await one.until(() => JSON.stringify(sorted(one.servers)) === JSON.stringify(sorted(dump)));
    }
    const accepted = attempts.filter(({ status }) => status === 200);
    const refused = attempts.filter(({ status }) => status !== 200);
    // Each was rejected because of a concurrent change, and some of each kind were.
    assertEquals(new Set(refused.map(({ status }) => status)), new Set([404, 409]));
    assert(accepted.length > 100 && refused.length > 100, `${accepted.length} of ${CHANGES}`);

    await history.until(Math.max(...joined.all.map(({ shared }) => shared.registry.revision)));
    const { changes } = history;
    const puts = changes.flatMap((change) => change.type === "put" ? [change.keyValue] : []);
    const names = puts.map(({ value }) => JSON.parse(value).name as string).sort();
    const wanted = accepted.filter(({ type }) => type !== "delete").map(({ name }) => name).sort();
    assertEquals(names, wanted, "every accepted write is there, once, and no other");
    const gone = changes.flatMap((change) =>
      change.type === "delete" ? [change.key.slice(`${PREFIX}servers/`.length)] : []
    );
    const deleted = accepted.filter(({ type }) => type === "delete").map(({ url }) => url);
    assertEquals(gone.sort(), deleted.sort(), "every accepted deletion is there, once");

    // An update that is overtaken by the next one on its way to a balancer does not appear there.
    const whole = accepted.flatMap(({ name, sentAt }) => {
      const times = seenAt.get(name) ?? [];
      return times.length === 3
        ? [{ sentAt, first: Math.min(...times), last: Math.max(...times) }]
        : [];
    });
    assert(whole.length > 100, `${whole.length}`);
    const total = whole.map(({ sentAt, last }) => last - sentAt);
    const spread = whole.map(({ first, last }) => last - first);
    // deno-lint-ignore no-console
    console.log(
      `${accepted.length} accepted, ${refused.length} refused; from the call until all three have ` +
        `it: p50 ${percentile(total, 50)} ms, p99 ${percentile(total, 99)} ms; from the first to ` +
        `the last: p50 ${percentile(spread, 50)} ms, p99 ${percentile(spread, 99)} ms`,
    );
    assert(percentile(spread, 99) < 1000);
  },
);

function sorted<T>(record: Record<string, T>): [string, T][] {
  return Object.entries(record).sort(([one], [other]) => one < other ? -1 : 1);
}
