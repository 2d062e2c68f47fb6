/** What a hostile client sends, and what is to become of it. */
export interface ClientCase {
  /** What is hostile about it. */
  readonly name: string;
  /** What it sends, each character one byte. */
  readonly sends: string;
  /** The statuses of the responses until its connection ends. */
  readonly statuses: readonly number[];
  /** The requests that reach the server, as "METHOD target host content". */
  readonly requests: readonly string[];
}

/** A request line and fields of a GET that is as it should be, and the connection's last. */
export const GET = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n";
/** The same of a POST. */
export const POST = "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n";
/** Content in chunks. */
export const CHUNKS = "3\r\nabc\r\n0\r\n\r\n";
/** What an attacker wants a server to take for a request of its own. */
export const SMUGGLED = "GET /smuggled HTTP/1.1\r\nHost: b\r\n\r\n";

/** Cases that are refused: no server hears of them. */
export function refused(
  sends: Readonly<Record<string, string>>,
  statuses: readonly number[] = [400],
): ClientCase[] {
  return Object.entries(sends).map(([name, text]) => ({
    name,
    sends: text,
    statuses,
    requests: [],
  }));
}

/** Cases that become this one request. */
export function passed(request: string, sends: Readonly<Record<string, string>>): ClientCase[] {
  return Object.entries(sends).map(([name, text]) => ({
    name,
    sends: text,
    statuses: [200],
    requests: [request],
  }));
}
