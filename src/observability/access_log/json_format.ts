import { escapeControls } from "../../model/printable.ts";
import { type LineFormat, loggedStatus } from "./line_format.ts";
import type { RequestRecord } from "../../proxy/request_record.ts";
import { splitRequestUrl } from "../../http1/request_url.ts";

/** Text that needs no escaping in a JSON string or on a terminal. */
const PLAIN = /^[ !#-[\]-~]*$/;

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * JSON format with everything that is recorded of a request. Every line has the same names in the
 * same order, except for `failure`, which only failed requests have.
 */
export class JsonLines implements LineFormat {
  #second = NaN;
  #time = "";

  /** See {@linkcode LineFormat}. */
  line(record: RequestRecord, arrival: number): string {
    const { request: { headers }, connection, failure } = record;
    const { host, target } = splitRequestUrl(record.url, record.method);
    // Built by hand, which takes a third of the time of JSON.stringify() on an object.
    return `{"time":"${this.#timeOf(arrival)}","id":${text(record.id)},` +
      `"client":${text(record.clientAddress)},"method":${text(record.method)},` +
      `"host":${text(host)},"target":${text(target)},"status":${loggedStatus(record)},` +
      `"bytes":${record.bytesReturned},"user_agent":${field(headers, "user-agent")},` +
      `"referer":${field(headers, "referer")},"server":${text(record.server?.url)},` +
      `"attempts":${record.attempts},"connection_reused":${connection === "reused"},` +
      `"queue_ms":${milliseconds(record.queueTime)},` +
      `"connect_ms":${milliseconds(record.connectTime)},"first_byte_ms":${
        record.answered ? milliseconds(record.answeredAfter) : "null"
      },"total_ms":${milliseconds(record.duration)}` +
      `${failure === undefined ? "" : `,"failure":"${failure}"`}}\n`;
  }

  /** Formats a time as RFC 3339 in UTC. */
  #timeOf(arrival: number): string {
    const second = Math.floor(arrival / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#time = new Date(second * 1000).toISOString().slice(0, 19);
    }
    return `${this.#time}.${three(Math.floor(arrival - second * 1000))}Z`;
  }
}

function text(value: string | undefined): string {
  if (value === undefined) return "null";
  return PLAIN.test(value) ? `"${value}"` : escapeControls(JSON.stringify(value));
}

/** Formats a field's value, in which each character represents a byte, most likely of UTF-8. */
function field(headers: Headers, name: string): string {
  const value = headers.get(name);
  if (value === null) return "null";
  return PLAIN.test(value) ? `"${value}"` : text(decode(value));
}

function decode(value: string): string {
  try {
    return decoder.decode(Uint8Array.from(value, (character) => character.charCodeAt(0)));
  } catch {
    return value;
  }
}

/** Formats a time to the microsecond, from integers: fractions take three times as long. */
function milliseconds(time: number): string {
  const microseconds = Math.round(time * 1000);
  const whole = Math.floor(microseconds / 1000);
  const rest = microseconds - whole * 1000;
  return rest === 0 ? `${whole}` : `${whole}.${three(rest)}`;
}

/** Formats a number below 1000 with three digits. */
function three(number: number): string {
  return `${number < 10 ? "00" : number < 100 ? "0" : ""}${number}`;
}
