import type { Clock } from "../runtime/clock.ts";
import { type NameServer, parseNameServer } from "../model/name_server.ts";
import type { DnsSettings } from "../model/settings.ts";
import { DnsClient } from "./dns_client.ts";
import { HostsFile } from "./hosts_file.ts";
import { DEFAULT_ATTEMPTS, DEFAULT_TIMEOUT, type ResolverConfig } from "./resolv_conf.ts";
import { systemResolver } from "./system_resolver.ts";

/**
 * Makes the DNS client. This module and its imports are loaded only when something is looked up.
 *
 * @param settings The DNS settings, which were checked.
 * @param clock The clock.
 */
export function makeDnsClient(settings: DnsSettings, clock: Clock): DnsClient {
  const { server } = settings;
  const own = server === undefined ? undefined : parseNameServer(server);
  const hostsFile = own === undefined ? new HostsFile() : undefined;
  return new DnsClient({
    clock,
    configure: async () =>
      withSettings(own === undefined ? await systemResolver() : only(own), settings),
    hosts: hostsFile && ((host) => hostsFile.find(host)),
  });
}

function only(server: NameServer): ResolverConfig {
  return {
    servers: [server],
    search: [],
    ndots: 0,
    timeout: DEFAULT_TIMEOUT,
    attempts: DEFAULT_ATTEMPTS,
  };
}

/** Settings override the system's configuration. */
function withSettings(config: ResolverConfig, { timeout, attempts }: DnsSettings): ResolverConfig {
  return {
    ...config,
    timeout: timeout === undefined ? config.timeout : timeout * 1000,
    attempts: attempts ?? config.attempts,
  };
}
