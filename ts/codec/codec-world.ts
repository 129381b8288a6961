/** A class whose instances travel as something simpler, and become themselves again. */
export interface CodecExtension {
  // Only asked by `instanceof`; what it constructs does not matter.
  readonly Class: abstract new (...args: never[]) => object;
  /** 0 to 255, one for each class; part of the format. */
  readonly type: number;
  /** What stands for the instance: a value that can be encoded. */
  write(value: object): unknown;
  read(plain: unknown): unknown;
}

/** What a codec asks its surroundings for. */
export interface CodecWorld {
  /** The number of an object shape, the same for all who read what is written; 0: no more can be had. */
  shape(text: string): number;
  /** The shape of a number. */
  shapeText(number: number): string | undefined;
  /** Whether what is being written is for another thread of this node: only there its variants are known. */
  readonly isForThread: boolean;
  /** The number of a variant of a shape, the same for all threads of the node; 0: no more can be had. */
  variant(text: string): number;
  /** The variant of a number. */
  variantText(number: number): string | undefined;
  readonly extensions: readonly CodecExtension[];
  /** Takes bytes out of the value; gives the number by which the reader finds them, 0 when there is no room. */
  putBlob(bytes: Uint8Array): number;
  takeBlob(number: number): ArrayBuffer;
}
