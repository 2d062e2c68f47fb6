import {
  type EtcdChange,
  type EtcdKeyValue,
  type EtcdOutcome,
  type EtcdRange,
  revisionOf,
} from "./etcd_types.ts";

/** Error for a response that etcd would not send. */
export class InvalidResponse extends Error {
  /** @param message The fault. */
  constructor(message: string) {
    super(message);
    this.name = "InvalidResponse";
  }
}

/** A JSON object of a response. */
export type Fields = Readonly<Record<string, unknown>>;

/** A parsed watch message. */
export interface WatchMessage {
  /** Whether it confirms the watch. */
  readonly created: boolean;
  /** Why etcd canceled the watch; undefined if it did not. */
  readonly canceled: string | undefined;
  /** The first revision available if the watch asked for a compacted one; otherwise 0. */
  readonly compactRevision: number;
  /** The changes, complete for each revision. */
  readonly changes: readonly EtcdChange[];
  /** Revision of the last change; 0 if there is none. */
  readonly revision: number;
}

/** Encodes a text as etcd's JSON requires: the base64 of its UTF-8. */
export function encode(text: string): string {
  let binary = "";
  for (const byte of new TextEncoder().encode(text)) binary += String.fromCharCode(byte);
  return btoa(binary);
}

/**
 * Parses a JSON object.
 *
 * @throws {InvalidResponse}
 */
export function parseFields(text: string): Fields {
  try {
    return fields(JSON.parse(text));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new InvalidResponse("it is not JSON");
  }
}

/**
 * A required object.
 *
 * @throws {InvalidResponse}
 */
export function fields(value: unknown): Fields {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as Fields;
  }
  throw new InvalidResponse("an object is missing");
}

/**
 * An integer: etcd's JSON has it as a string, and omits 0.
 *
 * @throws {InvalidResponse}
 */
export function parseInteger(value: unknown): number {
  if (isOmitted(value)) return 0;
  const number = typeof value === "string" && /^-?\d+$/.test(value) ? Number(value) : value;
  if (typeof number === "number" && Number.isSafeInteger(number)) return number;
  throw new InvalidResponse("a number is missing");
}

/**
 * The store's revision in the header of a response.
 *
 * @throws {InvalidResponse}
 */
export function parseRevision(response: Fields): number {
  return parseInteger(fields(response["header"])["revision"]);
}

/**
 * Parses the response to a range request.
 *
 * @throws {InvalidResponse}
 */
export function parseRange(response: Fields): EtcdRange {
  return {
    revision: parseRevision(response),
    keyValues: list(response["kvs"]).map(parseKeyValue),
    count: parseInteger(response["count"]),
  };
}

/**
 * Parses the response to a transaction that reads single keys if its conditions do not hold.
 *
 * @throws {InvalidResponse}
 */
export function parseOutcome(response: Fields): EtcdOutcome {
  const done = response["succeeded"] === true;
  const found = done
    ? []
    : list(response["responses"]).flatMap((part) =>
      list(fields(fields(part)["response_range"])["kvs"]).map(parseKeyValue)
    );
  return { done, revision: parseRevision(response), found };
}

/**
 * Parses a watch message.
 *
 * @throws {InvalidResponse}
 */
export function parseWatchMessage(result: Fields): WatchMessage {
  const changes = list(result["events"]).map(parseChange);
  const reason = result["cancel_reason"];
  const compactRevision = parseInteger(result["compact_revision"]);
  const canceled = result["canceled"] === true || compactRevision > 0;
  return {
    created: result["created"] === true,
    canceled: canceled ? (typeof reason === "string" ? reason : "") : undefined,
    compactRevision,
    changes,
    revision: changes.reduce((highest, change) => Math.max(highest, revisionOf(change)), 0),
  };
}

function parseChange(value: unknown): EtcdChange {
  const event = fields(value);
  const keyValue = parseKeyValue(event["kv"]);
  const type = event["type"] ?? "PUT";
  if (type === "PUT") return { type: "put", keyValue };
  if (type === "DELETE") {
    return { type: "delete", key: keyValue.key, modRevision: keyValue.modRevision };
  }
  throw new InvalidResponse("an event has an unknown type");
}

function parseKeyValue(value: unknown): EtcdKeyValue {
  const keyValue = fields(value);
  return {
    key: decode(keyValue["key"]),
    value: decode(keyValue["value"]),
    createRevision: parseInteger(keyValue["create_revision"]),
    modRevision: parseInteger(keyValue["mod_revision"]),
  };
}

/** Whether a value was omitted: it is 0, an empty text or an empty list. */
function isOmitted(value: unknown): value is undefined | null {
  return value === undefined || value === null;
}

function list(value: unknown): readonly unknown[] {
  if (isOmitted(value)) return [];
  if (Array.isArray(value)) return value;
  throw new InvalidResponse("a list is missing");
}

function decode(value: unknown): string {
  if (isOmitted(value)) return "";
  if (typeof value === "string") {
    try {
      const binary = atob(value);
      // Fast path: nearly everything is ASCII, and this takes a tenth of the time.
      if (!/[\u0080-\u00ff]/.test(binary)) return binary;
      const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
      return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
    } catch {
      // Not base64.
    }
  }
  throw new InvalidResponse("a key or value is not base64");
}
