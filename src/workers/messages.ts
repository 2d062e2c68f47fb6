import type { LogLevel } from "@logtape/logtape";
import type { DecisionNews } from "../model/decision.ts";
import type { Entry } from "../state/registry.ts";
import type { ProxySettings } from "../model/settings.ts";
import type { TableMemory } from "../state/table_memory.ts";
import type { Certificate } from "../fronts/web/certificate.ts";
import type { OutlierReport } from "../model/ejection_state.ts";

/** The first message to a worker. */
export interface StartMessage {
  readonly type: "start";
  /** Its thread number in the state table. */
  readonly thread: number;
  /** The memory of the state table. */
  readonly memory: TableMemory;
  /** The servers. */
  readonly entries: readonly Entry[];
  /** The settings. */
  readonly settings: ProxySettings;
  /** The address to accept connections on. */
  readonly hostname: string;
  /** The port; 0 takes a free one. */
  readonly port: number;
  /** The certificate for TLS; undefined for cleartext. */
  readonly certificate: Certificate | undefined;
  /** The lowest level of log records to relay; null for none. */
  readonly logLevel: LogLevel | null;
  /** Whether decisions are recorded. */
  readonly recording: boolean;
}

/** A change of the servers. Workers get all changes in order. */
export interface ChangeMessage {
  readonly type: "added" | "updated" | "removed";
  /** The number of the change, by which the worker confirms it. */
  readonly change: number;
  /** The server. */
  readonly entry: Entry;
  /** Seconds after which the requests of a removed server are aborted; undefined for never. */
  readonly drain: number | undefined;
}

/** Another certificate for new connections. */
export interface CertificateMessage {
  readonly type: "certificate";
  /** The number of the change, by which the worker confirms it. */
  readonly change: number;
  /** The certificate and its key, which were checked. */
  readonly certificate: Certificate;
}

/** Messages from the main thread to a worker. */
export type ToWorker =
  | StartMessage
  | ChangeMessage
  | CertificateMessage
  /** Turns the recording of decisions on or off. */
  | { readonly type: "decisions"; readonly recording: boolean }
  /** Accept no more connections, and finish the open requests. */
  | { readonly type: "stop" }
  /** Abort the open requests. */
  | { readonly type: "break_off" };

/** A log record of a worker, which the main thread logs. */
export interface LogMessage {
  readonly type: "log";
  readonly category: readonly string[];
  readonly level: LogLevel;
  /** The message with placeholders for the properties. */
  readonly text: string;
  readonly properties: Record<string, unknown>;
}

/** Messages from a worker to the main thread. */
export type FromWorker =
  /** The worker accepts connections on this port. */
  | { readonly type: "listening"; readonly port: number }
  /** The worker cannot listen; with the name and message of the error. */
  | { readonly type: "failed"; readonly name: string; readonly message: string }
  /** The worker has applied a change. */
  | { readonly type: "changed"; readonly change: number }
  /** The worker has finished its open requests. */
  | { readonly type: "stopped" }
  /** Input of outlier ejection. */
  | { readonly type: "report"; readonly report: OutlierReport }
  /** A routing decision. */
  | { readonly type: "decision"; readonly news: DecisionNews }
  /** The number of requests whose decisions were not recorded, as there were too many. */
  | { readonly type: "skipped"; readonly count: number }
  /** Whole lines of the access log. */
  | { readonly type: "lines"; readonly lines: string }
  | LogMessage;
