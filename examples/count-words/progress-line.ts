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

  show(progress: Progress): void {
    const { done, of } = progress;
    const percent = percentOf(progress);
    const text = `${String(percent).padStart(3)} %  ${textOf(progress)}`;
    if (this.#output.isTTY === true) {
      this.#output.write(`\r\u001B[K${text}${done === of ? '\n' : ''}`);
    } else if (Math.floor(percent / 10) > this.#tenths) {
      this.#tenths = Math.floor(percent / 10);
      this.#output.write(`${text}\n`);
    }
  }

  /** A line that stays, with the time of the day. */
  report(progress: Progress | undefined, now: Date): void {
    const time = now.toTimeString().slice(0, 8);
    const text =
      progress === undefined
        ? 'nothing is counted yet'
        : `${percentOf(progress)} %, ${textOf(progress)}`;
    this.clear();
    this.#output.write(`progress at ${time}: ${text}\n`);
  }

  /** Takes the line away, so that something else can be written. */
  clear(): void {
    if (this.#output.isTTY === true) this.#output.write('\r\u001B[K');
  }
}

function percentOf({ done, of }: Progress): number {
  return Math.floor((100 * done) / of);
}

function textOf({ done, of, words }: Progress): string {
  return `${grouped(done)} of ${counted(of, 'file')}, ${counted(words, 'word')}`;
}

/** `2 files`, but `1 file`. */
export function counted(number: number, noun: string): string {
  return `${grouped(number)} ${noun}${number === 1 ? '' : 's'}`;
}

/** `1234567` as `1,234,567`. */
export function grouped(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: 1 });
}
