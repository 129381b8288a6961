/** To whom something is allowed. */
export interface AllowOptions {
  /** Names of the nodes that may; without the list every connected node may. */
  readonly nodes?: readonly string[];
}
