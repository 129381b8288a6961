// Only types: nothing here runs. Every line under `@ts-expect-error` must fail, every `expect` must hold.

/** Whether two types are the very same, `any` and `never` included. */
export type Equal<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Compiles only for `expect<Equal<A, B>>()` of equal types. */
export declare function expect<Claim extends true>(): Claim;

/** Takes a value of the type `T`: `fits<number>(total)`. */
export declare function fits<T>(value: T): void;
