import type { ContentReader } from "./response_content.ts";

/** What is told how a stream of content goes on. */
export interface StreamWatch {
  /** The next piece is asked for; returns the most bytes that it may have. */
  onAsk(left: number): number;
  /** A piece of so many bytes is about to be passed on; 0 for the end. */
  onPiece(bytes: number): void;
  /** A piece, the end or a failure can be taken. */
  onGiven(): void;
  /** The content broke off; returns why. */
  onFailure(error: unknown): unknown;
  /** Nobody wants the rest. */
  onCancel(): void;
}

/**
 * A response's content as a stream, which reads nothing before it is asked for it.
 *
 * @param reader Where the content comes from.
 * @param watch What is told.
 * @param release Whether each piece is freed when the next one is asked for.
 */
export function responseStream(
  reader: ContentReader,
  watch: StreamWatch,
  release: boolean,
): ReadableStream<Uint8Array> {
  let controller: ReadableStreamDefaultController<Uint8Array>;
  let previous: Uint8Array<ArrayBuffer> | undefined;
  // One of each for all pieces: a slow client takes its content in very many.
  function passOn(piece: Uint8Array<ArrayBuffer> | undefined): void {
    previous = piece;
    watch.onPiece(piece?.length ?? 0);
    if (piece === undefined) controller.close();
    else controller.enqueue(piece);
    watch.onGiven();
  }
  function breakOff(error: unknown): void {
    controller.error(watch.onFailure(error));
    watch.onGiven();
  }
  return new ReadableStream<Uint8Array>({
    start: (its) => void (controller = its),
    pull: () => {
      // Left to the garbage collector, up to 90 MiB of used pieces would pile up, and new ones
      // would never come from memory that is still warm: that costs a third of the throughput.
      if (release) previous?.buffer.transfer(0);
      return reader.next(watch.onAsk(reader.left)).then(passOn, breakOff);
    },
    cancel: () => watch.onCancel(),
  }, { highWaterMark: 0 });
}
