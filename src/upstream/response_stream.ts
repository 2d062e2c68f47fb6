import type { ContentReader } from "./response_content.ts";

/** Callbacks of a content stream. */
export interface StreamWatch {
  /** Called when the next piece is requested; returns the most bytes that it may have. */
  onAsk(left: number): number;
  /** Called before a piece of this many bytes is passed on; 0 for the end. */
  onPiece(bytes: number): void;
  /** Called when a piece, the end or a failure is ready. */
  onGiven(): void;
  /** Called when reading failed; returns the error that the reader gets. */
  onFailure(error: unknown): unknown;
  /** Called when the stream is cancelled. */
  onCancel(): void;
}

/**
 * Makes a stream of a response's content, which reads only on demand.
 *
 * @param reader The source of the content.
 * @param watch The callbacks.
 * @param release Whether each piece is freed when the next one is requested.
 */
export function responseStream(
  reader: ContentReader,
  watch: StreamWatch,
  release: boolean,
): ReadableStream<Uint8Array> {
  let controller: ReadableStreamDefaultController<Uint8Array>;
  let previous: Uint8Array<ArrayBuffer> | undefined;
  // Shared by all pieces: a slow client takes its content in very many.
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
      // With garbage collection alone, up to 90 MiB of used pieces would pile up, and new ones would
      // never come from warm memory, which costs a third of the throughput.
      if (release) previous?.buffer.transfer(0);
      return reader.next(watch.onAsk(reader.left)).then(passOn, breakOff);
    },
    cancel: () => watch.onCancel(),
  }, { highWaterMark: 0 });
}
