import type { Progress } from './protocols.ts';

/** Where the progress is shown: standard output, or anything like it. */
export interface Output {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/** Shows how far it is: on a terminal one line that is written over, elsewhere a line for each tenth. */
export class ProgressLine {
  readonly #output: Output;
  #tenths = 0;

  constructor(output: Output) {
    this.#output = output;
  }

  show({ done, of, words }: Progress): void {
    const percent = Math.floor((100 * done) / of);
    const text = `${String(percent).padStart(3)} %  ${grouped(done)} of ${counted(of, 'file')}, ${counted(words, 'word')}`;
    if (this.#output.isTTY === true) {
      this.#output.write(`\r\u001B[K${text}${done === of ? '\n' : ''}`);
    } else if (Math.floor(percent / 10) > this.#tenths) {
      this.#tenths = Math.floor(percent / 10);
      this.#output.write(`${text}\n`);
    }
  }

  /** Takes the line away, so that something else can be written. */
  clear(): void {
    if (this.#output.isTTY === true) this.#output.write('\r\u001B[K');
  }
}

/** `2 files`, but `1 file`. */
export function counted(number: number, noun: string): string {
  return `${grouped(number)} ${noun}${number === 1 ? '' : 's'}`;
}

/** `1234567` as `1,234,567`. */
export function grouped(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: 1 });
}
