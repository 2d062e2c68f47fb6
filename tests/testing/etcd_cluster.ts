import { until } from "../chaos/pace.ts";
import { certificate, certificatePath, pem } from "./certificates.ts";
import { EtcdMember } from "./etcd_member.ts";
import { isInstalled } from "./installed.ts";
import { freePorts } from "./run_cli.ts";

/** A suffix for the names of skipped tests; empty if etcd is installed. */
export const NO_ETCD: string = await isInstalled("etcd")
  ? ""
  : " (skipped: etcd is not installed; Debian has it in the package etcd-server)";

/** How long a cluster may take to agree on a leader, in milliseconds. */
const LEADER_MS = 30_000;

/** A test that needs etcd, and is skipped where there is none. */
export function etcdTest(name: string, fn: () => Promise<void>): void {
  Deno.test({ name: name + NO_ETCD, ignore: NO_ETCD !== "", fn });
}

/** Options of a cluster. */
export interface EtcdClusterOptions {
  /** How many members it has: 1 or 3. Default: 1. */
  readonly members?: number;
  /** The password of `root`, for a cluster with authentication. Default: none. */
  readonly password?: string;
  /**
   * Whether it speaks TLS, with the certificate `etcd` of the authority `etcd_ca`; `mutual` if it
   * wants a certificate of that authority from its clients too. Default: plain HTTP.
   */
  readonly tls?: boolean | "mutual";
  /** Further arguments of every member. Default: none. */
  readonly args?: readonly string[];
}

/** A real cluster of etcd on this machine, which leaves nothing behind when it is disposed of. */
export class EtcdCluster implements AsyncDisposable {
  /** Its members. */
  readonly members: readonly EtcdMember[];
  readonly #folder: string;
  #password: string | undefined;
  readonly #client: Deno.HttpClient;
  #token: string | undefined;

  private constructor(folder: string, options: EtcdClusterOptions) {
    this.#folder = folder;
    this.#client = Deno.createHttpClient({
      http2: false,
      ...(options.tls ? { caCerts: [pem("etcd_ca.crt")], ...certificate("etcd") } : {}),
    });
    this.members = makeMembers(folder, options);
  }

  /** Starts one, and waits until it can be used. */
  static async start(options: EtcdClusterOptions = {}): Promise<EtcdCluster> {
    for (let tries = 1;; tries++) {
      const folder = await Deno.makeTempDir({ prefix: "etcd_" });
      const cluster = new EtcdCluster(folder, options);
      try {
        for (const member of cluster.members) member.start();
        const ready = await Promise.all(cluster.members.map((member) => member.ready()));
        if (!ready.every(Boolean)) throw new Error(cluster.members.map(({ log }) => log).join());
        if (options.password !== undefined) await cluster.enableAuthentication(options.password);
        return cluster;
      } catch (error) {
        await cluster[Symbol.asyncDispose]();
        // Somebody else may have taken a port that was free.
        if (tries < 3 && String(error).includes("address already in use")) continue;
        throw new Error("Cannot start etcd", { cause: error });
      }
    }
  }

  /** The URLs of the members. */
  get endpoints(): string[] {
    return this.members.map(({ url }) => url);
  }

  /** Waits until one of the running members leads, and returns that. */
  async leader(): Promise<EtcdMember> {
    let leader: EtcdMember | undefined;
    const found = await until(async () => {
      const running = this.members.filter(({ isRunning }) => isRunning);
      const leads = await Promise.all(running.map((member) => this.#leads(member)));
      leader = running.find((_, index) => leads[index]);
      return leader !== undefined;
    }, LEADER_MS);
    if (!found) throw new Error("etcd has no leader");
    return leader!;
  }

  /** Writes a key past every client, and returns the revision. */
  async put(key: string, value: string): Promise<number> {
    return revisionOf(await this.call("/v3/kv/put", { key: btoa(key), value: toBase64(value) }));
  }

  /** Deletes a key past every client, and returns the revision. */
  async delete(key: string): Promise<number> {
    return revisionOf(await this.call("/v3/kv/deleterange", { key: btoa(key) }));
  }

  /** Forgets every revision before the one that is now, and returns that. */
  async compact(): Promise<number> {
    const revision = revisionOf(await this.call("/v3/kv/range", { key: btoa("/") }));
    await this.call("/v3/kv/compaction", { revision: String(revision), physical: true });
    return revision;
  }

  /** The key-values under a prefix. */
  async dump(prefix: string): Promise<Record<string, string>> {
    const last = String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1);
    const body = { key: btoa(prefix), range_end: btoa(prefix.slice(0, -1) + last) };
    const { kvs = [] } = await this.call("/v3/kv/range", body) as { kvs?: RawEntry[] };
    return Object.fromEntries(
      kvs.map(({ key, value = "" }) => [fromBase64(key), fromBase64(value)]),
    );
  }

  /**
   * Calls the gateway of a member.
   *
   * @param path The path, such as `/v3/kv/range`.
   * @param body The content, sent as JSON.
   * @param member Which member. Default: the first that runs.
   */
  async call(path: string, body: unknown, member = this.#running()): Promise<unknown> {
    const response = await fetch(member.url + path, {
      method: "POST",
      body: JSON.stringify(body),
      headers: this.#token === undefined ? {} : { authorization: this.#token },
      client: this.#client,
    });
    const text = await response.text();
    if (response.ok) return JSON.parse(text);
    // The tokens of a member are gone once it was started again.
    if (!text.includes("invalid auth token")) throw new Error(`Cannot call ${path}: ${text}`);
    await this.#authenticate();
    return await this.call(path, body, member);
  }

  /** Turns authentication on, with this password for `root`. */
  async enableAuthentication(password: string): Promise<void> {
    this.#password = password;
    await this.call("/v3/auth/user/add", { name: "root", password });
    await this.call("/v3/auth/role/add", { name: "root" });
    await this.call("/v3/auth/user/grant", { user: "root", role: "root" });
    await this.call("/v3/auth/enable", {});
    await this.#authenticate();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.members.map((member) => member.kill()));
    this.#client.close();
    await Deno.remove(this.#folder, { recursive: true });
  }

  #running(): EtcdMember {
    const member = this.members.find(({ isRunning }) => isRunning);
    if (member === undefined) throw new Error("no member of etcd is running");
    return member;
  }

  async #leads(member: EtcdMember): Promise<boolean> {
    try {
      const status = await this.call("/v3/maintenance/status", {}, member) as RawStatus;
      return status.leader !== undefined && status.leader === status.header.member_id;
    } catch {
      // It has just been started, or has no majority.
      return false;
    }
  }

  async #authenticate(): Promise<void> {
    const who = { name: "root", password: this.#password };
    this.#token = undefined;
    this.#token = (await this.call("/v3/auth/authenticate", who) as { token: string }).token;
  }
}

interface RawEntry {
  readonly key: string;
  readonly value?: string;
}

interface RawStatus {
  readonly header: { readonly member_id: string };
  readonly leader?: string;
}

function makeMembers(folder: string, options: EtcdClusterOptions): EtcdMember[] {
  const { members = 1, tls = false, args = [] } = options;
  const scheme = tls ? "https" : "http";
  const ports = freePorts(2 * members);
  const clients = ports.slice(0, members).map((port) => `${scheme}://127.0.0.1:${port}`);
  const peers = ports.slice(members).map((port) => `http://127.0.0.1:${port}`);
  const cluster = peers.map((peer, index) => `m${index}=${peer}`).join(",");
  return clients.map((client, index) =>
    new EtcdMember(
      client,
      [
        [`--name=m${index}`, `--data-dir=${folder}/m${index}`],
        [`--listen-client-urls=${client}`, `--advertise-client-urls=${client}`],
        [`--listen-peer-urls=${peers[index]}`, `--initial-advertise-peer-urls=${peers[index]}`],
        [`--initial-cluster=${cluster}`, `--initial-cluster-token=${folder}`],
        // Short, for quick elections; and not too short for a machine with much else to do.
        ["--heartbeat-interval=100", "--election-timeout=1000", "--bcrypt-cost=4"],
        tls
          ? [
            `--cert-file=${certificatePath("etcd.crt")}`,
            `--key-file=${certificatePath("etcd.key")}`,
          ]
          : [],
        tls === "mutual"
          ? ["--client-cert-auth", `--trusted-ca-file=${certificatePath("etcd_ca.crt")}`]
          : [],
        args,
      ].flat(),
    )
  );
}

function revisionOf(answer: unknown): number {
  return Number((answer as { header: { revision: string } }).header.revision);
}

function toBase64(text: string): string {
  return new TextEncoder().encode(text).toBase64();
}

function fromBase64(text: string): string {
  return new TextDecoder().decode(Uint8Array.fromBase64(text));
}
