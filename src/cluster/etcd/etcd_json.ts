import type { EtcdChange, EtcdKeyValue, EtcdOutcome, EtcdRange } from "./etcd_types.ts";

/** Says that an answer is not what etcd answers. */
export class BadAnswer extends Error {
  /** @param what What is wrong with it. */
  constructor(what: string) {
    super(what);
    this.name = "BadAnswer";
  }
}

/** An object of an answer. */
export type Fields = Readonly<Record<string, unknown>>;

/** A message of a watch, taken apart. */
export interface WatchMessage {
  /** Whether it confirms the watch. */
  readonly created: boolean;
  /** Why etcd ended the watch; undefined where it goes on. */
  readonly canceled: string | undefined;
  /** The first revision that is still kept, where the watch asked for an earlier one; else 0. */
  readonly compactRevision: number;
  /** What changed, with all changes of each revision. */
  readonly changes: readonly EtcdChange[];
  /** The revision of the last change; 0 where there is none. */
  readonly revision: number;
}

/**
 * Bytes as etcd's JSON has them: base64.
 *
 * @param text What they say in UTF-8.
 */
export function encode(text: string): string {
  let binary = "";
  for (const byte of new TextEncoder().encode(text)) binary += String.fromCharCode(byte);
  return btoa(binary);
}

/**
 * Reads JSON that has to be an object.
 *
 * @throws {BadAnswer}
 */
export function parseFields(text: string): Fields {
  try {
    return fields(JSON.parse(text));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new BadAnswer("what it answers is not JSON");
  }
}

/**
 * An object that must be there.
 *
 * @throws {BadAnswer}
 */
export function fields(value: unknown): Fields {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as Fields;
  }
  throw new BadAnswer("what it answers is not what etcd answers: an object is missing");
}

/**
 * A whole number, which etcd's JSON has as a string, and leaves out where it is 0.
 *
 * @throws {BadAnswer}
 */
export function wholeNumber(value: unknown): number {
  if (isLeftOut(value)) return 0;
  const number = typeof value === "string" && /^-?\d+$/.test(value) ? Number(value) : value;
  if (typeof number === "number" && Number.isSafeInteger(number)) return number;
  throw new BadAnswer("what it answers is not what etcd answers: a number is missing");
}

/**
 * The revision of the store in the header of an answer.
 *
 * @throws {BadAnswer}
 */
export function revisionOf(answer: Fields): number {
  return wholeNumber(fields(answer["header"])["revision"]);
}

/**
 * The answer to a range.
 *
 * @throws {BadAnswer}
 */
export function readRange(answer: Fields): EtcdRange {
  return {
    revision: revisionOf(answer),
    entries: list(answer["kvs"]).map(readEntry),
    count: wholeNumber(answer["count"]),
  };
}

/**
 * The answer to a transaction that asks for single keys where its conditions do not hold.
 *
 * @throws {BadAnswer}
 */
export function readOutcome(answer: Fields): EtcdOutcome {
  const done = answer["succeeded"] === true;
  const found = done
    ? []
    : list(answer["responses"]).flatMap((response) =>
      list(fields(fields(response)["response_range"])["kvs"]).map(readEntry)
    );
  return { done, revision: revisionOf(answer), found };
}

/**
 * A message of a watch.
 *
 * @throws {BadAnswer}
 */
export function readWatchMessage(result: Fields): WatchMessage {
  const changes = list(result["events"]).map(readChange);
  const reason = result["cancel_reason"];
  const compactRevision = wholeNumber(result["compact_revision"]);
  const canceled = result["canceled"] === true || compactRevision > 0;
  return {
    created: result["created"] === true,
    canceled: canceled ? (typeof reason === "string" ? reason : "") : undefined,
    compactRevision,
    changes,
    revision: changes.reduce((highest, change) => Math.max(highest, revisionOfChange(change)), 0),
  };
}

function revisionOfChange(change: EtcdChange): number {
  return change.type === "put" ? change.entry.modRevision : change.modRevision;
}

function readChange(value: unknown): EtcdChange {
  const event = fields(value);
  const entry = readEntry(event["kv"]);
  const type = event["type"] ?? "PUT";
  if (type === "PUT") return { type: "put", entry };
  if (type === "DELETE") {
    return { type: "delete", key: entry.key, modRevision: entry.modRevision };
  }
  throw new BadAnswer("what it answers is not what etcd answers: an event is of an unknown type");
}

function readEntry(value: unknown): EtcdKeyValue {
  const entry = fields(value);
  return {
    key: decode(entry["key"]),
    value: decode(entry["value"]),
    createRevision: wholeNumber(entry["create_revision"]),
    modRevision: wholeNumber(entry["mod_revision"]),
  };
}

/** Whether a value stands for 0, an empty text or an empty list. */
function isLeftOut(value: unknown): value is undefined | null {
  return value === undefined || value === null;
}

function list(value: unknown): readonly unknown[] {
  if (isLeftOut(value)) return [];
  if (Array.isArray(value)) return value;
  throw new BadAnswer("what it answers is not what etcd answers: a list is missing");
}

function decode(value: unknown): string {
  if (isLeftOut(value)) return "";
  if (typeof value === "string") {
    try {
      const binary = atob(value);
      // Nearly everything is ASCII, which is done with here: a tenth of the time, or less.
      if (!/[\u0080-\u00ff]/.test(binary)) return binary;
      const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
      return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
    } catch {
      // Not base64.
    }
  }
  throw new BadAnswer("what it answers is not what etcd answers: a key or value is not base64");
}
