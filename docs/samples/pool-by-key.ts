import {
  Actor,
  consistentHash,
  noreply,
  Pool,
  poolSpec,
  reply,
  startNode,
  type Answer,
  type Next,
  type PoolSpec,
  type Request,
} from 'tergo';

type Deposit = { type: 'deposit'; account: string; cents: number };
type Balance = Request<{ type: 'balance'; account: string }, number>;
interface AccountsProtocol {
  message: Deposit;
  request: Balance;
}

/** Keeps the accounts whose keys come to it: what is said of one account is handled in order, by one worker. */
class Ledger extends Actor<AccountsProtocol> {
  readonly #cents = new Map<string, number>();

  override handleMessage({ account, cents }: Deposit): Next {
    this.#cents.set(account, (this.#cents.get(account) ?? 0) + cents);
    return noreply;
  }

  override handleCall(request: Balance): Answer {
    return reply(request, this.#cents.get(request.account) ?? 0);
  }
}

class Accounts extends Pool<AccountsProtocol> {
  override init(): PoolSpec<AccountsProtocol> {
    return poolSpec(Ledger, { size: 8, route: consistentHash(({ account }) => account) });
  }
}

await using node = await startNode('bank@localhost');
const accounts = await node.spawn(Accounts);
for (const account of ['ann', 'bob', 'ann']) {
  node.send(accounts, { type: 'deposit', account, cents: 100 });
}
for (const account of ['ann', 'bob']) {
  console.log(account, await node.call(accounts, { type: 'balance', account }));
}
