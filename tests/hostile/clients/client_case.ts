/** A hostile client's request, and its expected outcome. */
export interface ClientCase {
  /** The kind of hostility. */
  readonly name: string;
  /** The bytes that it sends, one per character. */
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
/** The request that an attacker tries to smuggle. */
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
