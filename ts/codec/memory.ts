/** Memory that values are written to and read from, seen in two ways. */
export interface Memory {
  readonly bytes: Buffer;
  /** Of the same bytes: what takes several of them at once. */
  readonly view: DataView;
}

/** That memory; the views are made once and kept with it, where it is used often. */
export function memoryOf(bytes: Buffer): Memory {
  const { buffer, byteOffset, byteLength } = bytes;
  return { bytes, view: new DataView(buffer, byteOffset, byteLength) };
}
