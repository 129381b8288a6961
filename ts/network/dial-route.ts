/** Where a node would be dialled. */
export interface DialRoute {
  /** Who says so: a static route, or the registrar. */
  readonly source: 'static' | 'registrar';
  /** Its host or address. */
  readonly host: string;
  readonly port: number;
  readonly isTls: boolean;
}
