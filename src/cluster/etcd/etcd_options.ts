import { BalancerError, type Fault } from "../../model/errors.ts";
import type { Clock } from "../../runtime/clock.ts";
import { urlHostFault } from "../../model/host.ts";

/** A client certificate. */
export interface EtcdCertificate {
  /** The certificate chain in PEM form. */
  readonly cert: string;
  /** Its private key in PEM form, without a passphrase. */
  readonly key: string;
}

/** A function that sends a request, such as `fetch`. */
export type EtcdFetch = (url: string, init: RequestInit) => Promise<Response>;

/** Endpoints and credentials of etcd. */
export interface EtcdOptions {
  /** Client URLs of the members, at least one; for example `http://10.0.0.1:2379`. */
  readonly endpoints: readonly string[];
  /** The user, if etcd has authentication enabled. Default: none. */
  readonly user?: { readonly name: string; readonly password: string };
  /** The certificate authorities of the members, in PEM form. Default: the platform's. */
  readonly ca?: string;
  /** The client certificate. Default: none. */
  readonly certificate?: EtcdCertificate;
  /**
   * Replaces the platform's `fetch`, for runtimes that do not support `ca` and `certificate`; this
   * function must then apply them itself. Default: the platform's `fetch`.
   */
  readonly fetch?: EtcdFetch;
  /** Clock for time limits, which tests can replace. Default: the system's clock. */
  readonly clock?: Clock;
}

/** Credentials for etcd: the user, and the certificates of both sides. */
export type EtcdCredentials = Pick<EtcdOptions, "user" | "ca" | "certificate">;

/**
 * Validates the endpoint URLs.
 *
 * @param endpoints The URLs as configured.
 * @returns The URLs without trailing slashes and duplicates.
 * @throws {BalancerError} `invalid`, with every invalid URL.
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
    return [{ path, message: "must name at least one endpoint" }];
  }
  return endpoints.flatMap((endpoint, index) => {
    const message = endpointFault(endpoint);
    return message === undefined ? [] : [{ path: `${path}[${index}]`, message }];
  });
}

function endpointFault(endpoint: string): string | undefined {
  if (!URL.canParse(endpoint)) return "must be a URL such as http://10.0.0.1:2379";
  const { protocol, hostname, username, password, search, hash } = new URL(endpoint);
  if (protocol !== "http:" && protocol !== "https:") {
    return "must begin with http:// or https://, such as http://10.0.0.1:2379";
  }
  // URLs end up in logs.
  if (username !== "" || password !== "") return "must not contain a user; set the user separately";
  if (search !== "" || hash !== "") return "must not have a query or a fragment";
  return urlHostFault(endpoint, hostname);
}
