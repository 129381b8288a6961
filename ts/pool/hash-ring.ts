/** Points of each place on the ring: enough that the shares of the places differ by a few per cent. */
const POINTS = 160;

/** Places on a circle of hashes: a hash belongs to the first place that follows. */
export class HashRing {
  /** Ascending hashes, and the index of the place of each. */
  #points: Uint32Array = new Uint32Array(0);
  #places: Uint32Array = new Uint32Array(0);

  /** The places are known by numbers of their own, which say where their points are, and are answered by their index. */
  rebuild(numbers: readonly number[]): void {
    const points = numbers.flatMap((number, index) =>
      Array.from({ length: POINTS }, (_, at) => ({ hash: scatter(number * POINTS + at), index })),
    );
    points.sort((a, b) => a.hash - b.hash || a.index - b.index);
    this.#points = Uint32Array.from(points, ({ hash }) => hash);
    this.#places = Uint32Array.from(points, ({ index }) => index);
  }

  /** The index of the place that a hash belongs to. */
  find(hash: number): number {
    const points = this.#points;
    let low = 0;
    let high = points.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (points[middle]! < hash) low = middle + 1;
      else high = middle;
    }
    return this.#places[low === points.length ? 0 : low]!;
  }
}

/** FNV-1a over the UTF-16 units, scattered. */
export function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return scatter(hash);
}

/** The finaliser of MurmurHash3: every bit of the input changes half of the bits. */
export function scatter(value: number): number {
  let hash = value + 0x9e3779b9;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
