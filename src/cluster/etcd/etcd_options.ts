import { BalancerError, type Fault } from "../../model/errors.ts";
import type { Clock } from "../../runtime/clock.ts";
import { urlHostFault } from "../../model/host.ts";

/** A client certificate, by which etcd knows who calls. */
export interface EtcdCertificate {
  /** The certificate chain in PEM form. */
  readonly cert: string;
  /** Its private key in PEM form, without a passphrase. */
  readonly key: string;
}

/** How one endpoint is asked; the platform's `fetch` is one. */
export type EtcdFetch = (url: string, init: RequestInit) => Promise<Response>;

/** Where etcd is, and how it is asked. */
export interface EtcdOptions {
  /** The URLs of the members' client ports, at least one; for example `http://10.0.0.1:2379`. */
  readonly endpoints: readonly string[];
  /** Who asks, where etcd has authentication on. Default: nobody, and no token is sent. */
  readonly user?: { readonly name: string; readonly password: string };
  /** The authorities that sign the members' certificates, in PEM form. Default: the platform's. */
  readonly ca?: string;
  /** Shown to members that want a client certificate. Default: none. */
  readonly certificate?: EtcdCertificate;
  /**
   * What sends the requests, for runtimes on which `ca` and `certificate` cannot be had otherwise; it
   * then sees to both. Default: the platform's.
   */
  readonly fetch?: EtcdFetch;
  /** What the time limits run on. Default: the machine's clock. */
  readonly clock?: Clock;
}

/** By what etcd knows who asks, and by what it is known itself. */
export type EtcdCredentials = Pick<EtcdOptions, "user" | "ca" | "certificate">;

/**
 * Checks where etcd is said to be.
 *
 * @param endpoints The URLs as they were written.
 * @returns The same without a slash at the end, each once.
 * @throws {BalancerError} `invalid`, with every URL that cannot be one.
 */
export function checkEndpoints(endpoints: readonly string[]): string[] {
  const faults = endpointFaults(endpoints);
  if (faults.length > 0) {
    const text = faults.map(({ path, message }) => `${path} ${message}`).join("; ");
    throw new BalancerError("invalid", `Cannot use etcd: ${text}`, { faults });
  }
  return [...new Set(endpoints.map((endpoint) => new URL(endpoint).href.replace(/\/$/, "")))];
}

function endpointFaults(endpoints: unknown): Fault[] {
  const path = "endpoints";
  if (!Array.isArray(endpoints)) {
    return [{ path, message: "must be a list of URLs such as http://10.0.0.1:2379" }];
  }
  if (endpoints.length === 0) {
    return [{ path, message: "names no endpoint; one is needed at least" }];
  }
  return endpoints.flatMap((endpoint, index) => {
    const message = whyNotEndpoint(endpoint);
    return message === undefined ? [] : [{ path: `${path}[${index}]`, message }];
  });
}

function whyNotEndpoint(endpoint: string): string | undefined {
  if (!URL.canParse(endpoint)) return "is not a URL such as http://10.0.0.1:2379";
  const { protocol, hostname, username, password, search, hash } = new URL(endpoint);
  if (protocol !== "http:" && protocol !== "https:") {
    return "does not begin with http:// or https://, such as http://10.0.0.1:2379";
  }
  // What is in a URL ends up in logs.
  if (username !== "" || password !== "") return "has a user in it; say the user beside it";
  if (search !== "" || hash !== "") return "has a query or a fragment";
  return urlHostFault(endpoint, hostname);
}
