import { AutenticoRejected } from '#/autentico/failures.ts'
import type { ActionName } from '#/playbook/playbook.ts'
import type { ActionContext, Proof } from '../action.ts'
import { actingOnWhole } from '../whole.ts'
import { count } from '../words.ts'

const name: ActionName = 'unlock-accounts'

type Locked = { readonly id: string; readonly username: string }

/** Unlocks the accounts that the attack has locked. While it goes on, the next wrong password locks them again. */
export const unlockAccounts = actingOnWhole<readonly Locked[]>({
  name,
  // More accounts are locked while people decide; all of them are unlocked, so more void nothing.
  mayGrow: ['locked'],
  look: async ({ autentico }) =>
    (await autentico.lockedAccounts()).map(({ account }) => ({ id: account.id, username: account.username })),
  effect: (locked) => ({
    sentence:
      locked.length === 0
        ? 'unlock whatever is locked meanwhile: no account is locked now.'
        : `unlock ${count(locked.length, 'account')}: ${locked
            .slice(0, 10)
            .map(({ username }) => username)
            .join(', ')}${locked.length > 10 ? ` and ${locked.length - 10} more` : ''}.`,
    question: `Unlock ${count(locked.length, 'account')}? Their passwords can be guessed again, five times each by default.`,
    verb: 'Unlock them',
    warnings: ['While the attack goes on, wrong passwords lock them again: limit requests first.'],
    basis: { locked: locked.length },
  }),
  async execute(ctx, locked) {
    const { autentico, progress } = ctx
    for (const [index, { id }] of locked.entries()) {
      if (index % 50 === 0) await progress.fence()
      await unlocked(ctx, id)
      progress.tell({ done: index + 1, total: locked.length, failed: 0 })
    }
    const ids = new Set(locked.map(({ id }) => id))
    return {
      did: [`Unlocked ${count(locked.length, 'account')}.`],
      prove: async () => [await areUnlocked(autentico, ids)],
    }
  },
})

async function unlocked({ autentico }: ActionContext, id: string): Promise<void> {
  try {
    await autentico.users.unlock(id)
  } catch (error) {
    // Deleted meanwhile.
    if (!(error instanceof AutenticoRejected && error.status === 404)) throw error
  }
}

async function areUnlocked(autentico: ActionContext['autentico'], ids: ReadonlySet<string>): Promise<Proof> {
  const still = (await autentico.lockedAccounts()).filter(({ account }) => ids.has(account.id))
  const detail =
    still.length === 0
      ? 'None of them is locked any more.'
      : `${count(still.length, 'account')} are locked again: the attack goes on.`
  return { action: name, name: 'unlocked', proven: still.length === 0, detail }
}
