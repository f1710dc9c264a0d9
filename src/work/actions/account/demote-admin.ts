import type { ActionName } from '#/playbook/playbook.ts'
import type { ActionContext, Proof } from '../action.ts'
import { changing, revoke } from './changing.ts'
import { proofs } from './checks.ts'

const name: ActionName = 'demote-admin'

/** Makes an administrator an ordinary user, and ends its sessions: what they can do is decided at each call, but they would go on. */
export const demoteAdmin = changing({
  name,
  suspendedToo: false,
  effect: ({ facts }) => {
    const { username } = facts.account
    return {
      sentence:
        facts.role === 'admin'
          ? `take the role of administrator from ${username}, and revoke every session of the account.`
          : `revoke every session of ${username}, who is no administrator any more.`,
      question: `Make ${username} an ordinary user? It counts from the next call on.`,
      verb: 'Demote',
      warnings: [`${username} can still sign in, as an ordinary user. Suspend the account to prevent that.`],
    }
  },
  async execute(ctx, { facts }) {
    const { autentico, order, progress } = ctx
    await progress.fence()
    const how = await autentico.admins.demote(order.target.id)
    await revoke(ctx)
    return {
      did: [
        how === 'already'
          ? `${facts.account.username} was no administrator any more.`
          : `Took the role of administrator from ${facts.account.username}.`,
        'Revoked every session.',
      ],
      prove: async () => [await isDemoted(ctx), ...(await proofs(ctx, name).revoked())],
    }
  },
  again: async (ctx) => [await isDemoted(ctx)],
})

async function isDemoted({ autentico, order }: ActionContext): Promise<Proof> {
  const account = await autentico.users.read(order.target.id)
  const holds = account?.role !== 'admin'
  const detail =
    account === undefined
      ? `${order.target.username} is suspended or gone.`
      : `${account.username} has the role ${account.role}.`
  return { action: name, name: 'demoted', proven: holds, detail }
}
