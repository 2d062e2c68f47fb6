import type { KeyFault } from "../../model/registry_report.ts";
import type { Server } from "../../model/server.ts";
import { clipped, readServerValue } from "./server_value.ts";
import type { EtcdKeyValue } from "../etcd/etcd_types.ts";

/** The most characters of a key that are told. */
const KEY_MAX = 300;

/** What is known of a key that is to hold a server. */
export interface KnownServer {
  /** The revision at which the key was last written. */
  readonly revision: number;
  /** What it holds. */
  readonly value: string;
  /**
   * The server: what the latest value that could be used says. Undefined if none could so far.
   */
  readonly server: Server | undefined;
  /** Why the latest value cannot be used; undefined if it can. */
  readonly fault: string | undefined;
}

/** What the keys of servers hold, as far as this balancer has seen it. Pure: it only remembers. */
export class ServerStore {
  readonly #prefix: string;
  readonly #known = new Map<string, KnownServer>();

  /** @param prefix What the keys of servers begin with. */
  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  /** The URLs of the keys, those included whose values cannot be used. */
  get urls(): string[] {
    return [...this.#known.keys()];
  }

  /** How many servers there are. */
  get size(): number {
    return this.#known.size;
  }

  /** What is known of the server with this URL, in canonical form; undefined if there is no key. */
  find(url: string): KnownServer | undefined {
    return this.#known.get(url);
  }

  /**
   * A key was written. A value that cannot be used leaves the server as it was, if there was one.
   *
   * @param entry The key.
   * @param before The server as it was. Default: as it is known here.
   * @returns What is known of it now.
   */
  put({ key, value, modRevision: revision }: EtcdKeyValue, before?: Server): KnownServer {
    const url = key.slice(this.#prefix.length);
    const { server, fault } = readServerValue(url, value);
    const last = before ?? this.find(url)?.server;
    const known = { revision, value, server: server ?? last, fault };
    this.#known.set(url, known);
    return known;
  }

  /** A key was deleted. */
  delete(url: string): void {
    this.#known.delete(url);
  }

  /** Every value that cannot be used. */
  faults(): KeyFault[] {
    return [...this.#known].flatMap(([url, { revision, server, fault }]) => {
      if (fault === undefined) return [];
      const what = server === undefined ? "it is ignored" : "the server stays as it was before";
      const key = clipped(this.#prefix + url, KEY_MAX);
      return [{ key, revision, message: `${fault}; ${what}` }];
    });
  }
}
