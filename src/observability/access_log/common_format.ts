import { type LineFormat, loggedStatus } from "./line_format.ts";
import type { RequestRecord } from "../../proxy/request_record.ts";
import { splitRequestUrl } from "../../http1/request_url.ts";

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** Text that needs no escaping between quotes. */
const PLAIN = /^[ !#-[\]-~]*$/;
/** Characters that do. */
const ESCAPED = /[^ !#-[\]-~]/g;
/** Characters that Apache escapes with a letter, as in C. */
const LETTERS: Readonly<Record<string, string>> = {
  '"': '\\"',
  "\\": "\\\\",
  "\b": "\\b",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\v": "\\v",
};

const encoder = new TextEncoder();

/**
 * Common Log Format of the Apache HTTP Server (`%h %l %u %t "%r" %>s %b`), or the combined format,
 * with the referrer and the user agent.
 */
export class CommonLines implements LineFormat {
  readonly #combined: boolean;
  #second = NaN;
  #time = "";

  /** @param combined Whether to use the combined format. */
  constructor(combined: boolean) {
    this.#combined = combined;
  }

  /** See {@linkcode LineFormat}. */
  line(record: RequestRecord, arrival: number): string {
    const { method, bytesReturned, request: { headers } } = record;
    const second = Math.floor(arrival / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#time = commonTime(new Date(second * 1000));
    }
    const line = `${record.clientAddress ?? "-"} - - [${this.#time}] ` +
      `"${escape(method)} ${escape(utf8(splitRequestUrl(record.url, method).target))} ${
        protocol(record)
      }" ` +
      `${loggedStatus(record)} ${bytesReturned === 0 ? "-" : bytesReturned}`;
    if (!this.#combined) return `${line}\n`;
    return `${line} "${field(headers, "referer")}" "${field(headers, "user-agent")}"\n`;
  }
}

function field(headers: Headers, name: string): string {
  const value = headers.get(name);
  return value === null || value === "" ? "-" : escape(value);
}

/** Escapes text between quotes; each character above ASCII represents one byte. */
function escape(text: string): string {
  return PLAIN.test(text) ? text : text.replace(ESCAPED, escapeCharacter);
}

function escapeCharacter(character: string): string {
  const letter = LETTERS[character];
  return letter ?? `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`;
}

/** Encodes text as UTF-8, with each byte as a character. */
function utf8(text: string): string {
  if (PLAIN.test(text)) return text;
  return Array.from(encoder.encode(text), (byte) => String.fromCharCode(byte)).join("");
}

/**
 * Protocol of the request line. The platform does not expose it, but only requests over HTTP/2 have
 * their host just in the URL (RFC 9113 §8.3.1).
 */
function protocol({ url, request }: RequestRecord): string {
  return url.startsWith("https:") && !request.headers.has("host") ? "HTTP/2.0" : "HTTP/1.1";
}

/** Formats a time as `10/Oct/2000:13:55:36 -0700`, in the time zone of the machine. */
function commonTime(date: Date): string {
  const day = `${two(date.getDate())}/${MONTHS[date.getMonth()]}/${date.getFullYear()}`;
  const time = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  const east = -date.getTimezoneOffset();
  const minutes = Math.abs(east);
  const zone = `${east < 0 ? "-" : "+"}${two(Math.floor(minutes / 60))}${two(minutes % 60)}`;
  return `${day}:${time} ${zone}`;
}

function two(number: number): string {
  return String(number).padStart(2, "0");
}
