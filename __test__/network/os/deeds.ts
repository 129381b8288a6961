/** What the parent of a process asks for. */
export interface Question {
  readonly id: number;
  readonly op: string;
  readonly args: readonly unknown[];
}

/** The answer to it. */
export interface Reply {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: { readonly code: string | undefined; readonly message: string };
}

/** Does what the parent says over IPC, until it hangs up. */
export function serveDeeds(deeds: object): void {
  const byName = deeds as Record<string, (...args: readonly unknown[]) => unknown>;
  process.on('message', ({ id, op, args }: Question) => {
    void (async () => {
      const reply = await replyOf(id, async () => byName[op]!(...args));
      process.send!(reply);
    })();
  });
  process.once('disconnect', () => process.exit());
}

async function replyOf(id: number, action: () => Promise<unknown>): Promise<Reply> {
  try {
    return { id, value: await action() };
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    return { id, error: { code, message } };
  }
}
