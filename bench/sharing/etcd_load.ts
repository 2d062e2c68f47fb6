import { pace } from "../../tests/chaos/pace.ts";
import { EtcdCluster } from "../../tests/testing/etcd_cluster.ts";
import { CheckedServers } from "./checked_servers.ts";
import { type CountingFetch, type EtcdReading, readEtcd } from "./etcd_gauge.ts";
import { LightMember } from "./light_member.ts";
import { SharingBalancers } from "./sharing_balancers.ts";

const CHANGES = 100;
/** Seconds between two checks of a server. */
const PERIOD = 20;

/** The load that balancers cause at etcd. */
export interface EtcdLoad {
  /** Balancers, and how many of them are only what balancers are to etcd. */
  readonly balancers: number;
  readonly light: boolean;
  readonly servers: number;
  /** Bytes of etcd's memory with the servers and balancers, after a compaction. */
  readonly memory: number;
  /** Bytes of its database that are in use then. */
  readonly database: number;
  /** How much of a core it takes where nothing happens. */
  readonly cpu: number;
  /** Keys that are put in a second where nothing happens. */
  readonly puts: number;
  /** Bytes by which the database grows in an hour where nothing happens, and it is not compacted. */
  readonly growth: number;
  /** Bytes that a balancer hears in a second where nothing happens. */
  readonly received: number;
  /** Bytes that it says. */
  readonly sent: number;
  /** Bytes that a balancer hears of one change of a server. */
  readonly change: number | undefined;
  /** Bytes that a balancer hears when it joins. */
  readonly join: number;
}

/**
 * Measures what balancers that share their checks cost etcd.
 *
 * @param balancers How many.
 * @param servers How many servers they share.
 * @param options Whether they are whole balancers, and for how long it is measured.
 */
export async function measureEtcd(
  balancers: number,
  servers: number,
  { light, seconds }: { readonly light: boolean; readonly seconds: number },
): Promise<EtcdLoad> {
  await using cluster = await EtcdCluster.start();
  const { endpoints } = cluster;
  const endpoint = endpoints[0]!;
  await using checked = new CheckedServers(servers, light ? 0 : PERIOD);
  await using stack = new AsyncDisposableStack();
  const whole = stack.use(
    await SharingBalancers.start(light ? 1 : balancers, {
      endpoints,
      servers: checked.servers,
      sharedHealth: true,
    }),
  );
  const lines: CountingFetch[] = light ? [] : whole.lines;
  for (let i = 1; light && i < balancers; i++) {
    const member = stack.use(new LightMember(i, servers, endpoints));
    lines.push(member.line);
    // They would not all start in one moment, and this process has to read for all of them.
    await pace(servers / 10);
  }
  if (!light) await whole.untilDivided(servers);
  await pace(light ? 15_000 : PERIOD * 1000);
  const join = mean(lines.map(({ received }) => received));
  await cluster.compact();
  // Compacted revisions are freed later.
  await pace(10_000);
  const before = [await readEtcd(endpoint), total(lines)] as const;
  await pace(seconds * 1000);
  const after = [await readEtcd(endpoint), total(lines)] as const;
  const idle = rates(before, after, lines.length);
  const change = light ? undefined : await measureChange(whole, checked, lines, idle.received);
  const { memory, database } = before[0];
  return { balancers, light, servers, memory, database, ...idle, change, join };
}

function rates(
  [first, firstBytes]: readonly [EtcdReading, Bytes],
  [last, lastBytes]: readonly [EtcdReading, Bytes],
  lines: number,
): Pick<EtcdLoad, "cpu" | "puts" | "growth" | "received" | "sent"> {
  const seconds = (last.at - first.at) / 1000;
  return {
    cpu: (last.cpu - first.cpu) / seconds,
    puts: (last.puts - first.puts) / seconds,
    growth: (last.database - first.database) / seconds * 3600,
    received: (lastBytes.received - firstBytes.received) / seconds / lines,
    sent: (lastBytes.sent - firstBytes.sent) / seconds / lines,
  };
}

/** The traffic that a change causes at each balancer, beyond the idle traffic. */
async function measureChange(
  { first }: SharingBalancers,
  { servers }: CheckedServers,
  lines: readonly CountingFetch[],
  idle: number,
): Promise<number> {
  const before = total(lines);
  const from = performance.now();
  for (let i = 0; i < CHANGES; i++) {
    await first.update(servers[i % servers.length]!.url, { weight: 2 + i });
  }
  await pace(2000);
  const seconds = (performance.now() - from) / 1000;
  const received = (total(lines).received - before.received) / lines.length;
  return (received - idle * seconds) / CHANGES;
}

interface Bytes {
  readonly received: number;
  readonly sent: number;
}

function total(lines: readonly CountingFetch[]): Bytes {
  return {
    received: lines.reduce((sum, { received }) => sum + received, 0),
    sent: lines.reduce((sum, { sent }) => sum + sent, 0),
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
