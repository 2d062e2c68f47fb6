import type { LogLevel } from "@logtape/logtape";
import type { DecisionNews } from "../model/decision.ts";
import type { Entry } from "../state/registry.ts";
import type { ProxySettings } from "../model/settings.ts";
import type { TableMemory } from "../state/table_memory.ts";
import type { Certificate } from "../fronts/web/certificate.ts";
import type { OutlierReport } from "../proxy/failure_watch.ts";

/** What a worker needs to begin. */
export interface StartMessage {
  readonly type: "start";
  /** The number by which it counts in the state table. */
  readonly thread: number;
  /** What the state table stands on. */
  readonly memory: TableMemory;
  /** The servers there are. */
  readonly entries: readonly Entry[];
  /** What to go by. */
  readonly settings: ProxySettings;
  /** The address to accept connections on. */
  readonly hostname: string;
  /** The port; 0 takes a free one. */
  readonly port: number;
  /** What TLS is spoken with; undefined for none. */
  readonly certificate: Certificate | undefined;
  /** From which level on log records are wanted; null for none. */
  readonly logLevel: LogLevel | null;
  /** Whether decisions are recorded. */
  readonly recording: boolean;
}

/** A change of the servers. Workers get all changes in the order in which they were made. */
export interface ChangeMessage {
  readonly type: "added" | "updated" | "removed";
  /** The number of the change, with which the worker says that it has been made. */
  readonly change: number;
  /** The server. */
  readonly entry: Entry;
  /** After how many seconds what a removed server works on is broken off; undefined for never. */
  readonly drain: number | undefined;
}

/** Another certificate for the connections that are made from now on. */
export interface CertificateMessage {
  readonly type: "certificate";
  /** The number of the change, with which the worker says that it has been made. */
  readonly change: number;
  /** The certificate and its key, which were checked. */
  readonly certificate: Certificate;
}

/** What the main thread tells a worker. */
export type ToWorker =
  | StartMessage
  | ChangeMessage
  | CertificateMessage
  /** From now on decisions are recorded, or no more. */
  | { readonly type: "decisions"; readonly recording: boolean }
  /** To finish what is under way, accepting no more. */
  | { readonly type: "stop" }
  /** To break off what is under way still. */
  | { readonly type: "break_off" };

/** A log record of a worker, which the main thread writes in its place. */
export interface LogMessage {
  readonly type: "log";
  readonly category: readonly string[];
  readonly level: LogLevel;
  /** The message with placeholders for the properties. */
  readonly text: string;
  readonly properties: Record<string, unknown>;
}

/** What a worker tells the main thread. */
export type FromWorker =
  /** It accepts connections on this port. */
  | { readonly type: "listening"; readonly port: number }
  /** It cannot; with the name and message of the error. */
  | { readonly type: "failed"; readonly name: string; readonly message: string }
  /** From now on it picks servers with this change in mind. */
  | { readonly type: "changed"; readonly change: number }
  /** It has finished all that was under way. */
  | { readonly type: "stopped" }
  /** How a server does with its requests. */
  | { readonly type: "report"; readonly report: OutlierReport }
  /** Why it gave a request to a server. */
  | { readonly type: "decision"; readonly news: DecisionNews }
  /** For how many requests it has recorded nothing, as there are too many. */
  | { readonly type: "skipped"; readonly count: number }
  /** Whole lines of the access log. */
  | { readonly type: "lines"; readonly lines: string }
  | LogMessage;
