import type { Clock } from "../../core/clock.ts";
import { parseNameServer } from "../../core/name_server.ts";
import type { DnsSettings } from "../../core/settings.ts";
import { DnsClient } from "./dns_client.ts";
import { systemResolver } from "./system_resolver.ts";

/**
 * Makes what asks DNS. In a module of its own with all that this needs, so that it is not loaded
 * where nothing is looked up.
 *
 * @param settings Whom to ask, checked.
 * @param clock The timers.
 */
export function makeDnsClient({ server }: DnsSettings, clock: Clock): DnsClient {
  const own = server === undefined ? undefined : parseNameServer(server);
  if (own === undefined) return new DnsClient({ clock, configure: () => systemResolver() });
  const config = { servers: [own], search: [], ndots: 0 };
  return new DnsClient({ clock, configure: () => Promise.resolve(config) });
}
