import { AutenticoUnavailable } from '#/autentico/failures.ts'
import type { ActionName } from '#/playbook/playbook.ts'
import type { ActionContext, Proof } from '../action.ts'

// Without 0, O, 1, I and l: people type these from a screen. 32 letters, so that 5 bits choose one without a bias.
const alphabet = '23456789ABCDEFGHJKLMNPQRSTUVWXYZ'

/** A password that nobody is shown: 256 random bits in 43 characters, within Autentico's default limit of 64. */
export function unknownPassword(randomBytes: (size: number) => Buffer): string {
  return randomBytes(32).toString('base64url')
}

/** A password that a person can read and type: four groups of five letters, 100 random bits. */
export function readablePassword(randomBytes: (size: number) => Buffer): string {
  const letters = [...randomBytes(20)].map((byte) => alphabet[byte & 31] ?? '').join('')
  return [0, 5, 10, 15].map((start) => letters.slice(start, start + 5)).join('-')
}

/** What says how it is known that a password was set. */
type Witness = () => Promise<Proof>

/**
 * Sets a password. A password cannot be read back, so there are two witnesses: Autentico's answer with the account in it, and one more
 * `user_updated` in its audit log than before.
 */
export async function setPassword(ctx: ActionContext, action: ActionName, password: string): Promise<Witness> {
  return witness(ctx, action, await set(ctx, password))
}

/**
 * The same for a password that nobody has to know: one that Autentico has confirmed for this order is not set anew when the order is
 * taken up again. One whose answer was lost is.
 */
export async function setPasswordOnce(ctx: ActionContext, action: ActionName, password: string): Promise<Witness> {
  const known = ctx.progress.note('passwordSetAfter')
  if (known !== undefined) return witness(ctx, action, known === '' ? undefined : Number(known))
  const before = await set(ctx, password)
  await ctx.progress.remember('passwordSetAfter', before === undefined ? '' : String(before))
  return witness(ctx, action, before)
}

/** Gives the number of updates that the audit log had before; undefined when it is off. */
async function set(ctx: ActionContext, password: string): Promise<number | undefined> {
  const { autentico, order, progress } = ctx
  const auditing = await autentico.audit.auditing()
  const before = await updates(ctx)
  await progress.fence()
  await autentico.users.setPassword(order.target.id, password)
  return auditing.on === true ? before : undefined
}

function witness(ctx: ActionContext, action: ActionName, before: number | undefined): Witness {
  const base = { action, name: 'password-set' }
  if (before === undefined) {
    const detail = 'Autentico confirmed the new password. Its audit log is off, so there is no second witness.'
    return () => Promise.resolve({ ...base, proven: true, detail })
  }
  return async () => {
    const recorded = await updates(ctx).then((now) => now > before, unreadable)
    if (recorded) {
      const detail = 'Autentico confirmed the new password, and its audit log has the change.'
      return { ...base, proven: true, detail }
    }
    const detail = 'Autentico confirmed the new password, but its audit log does not have the change.'
    // The log may be a moment behind.
    return { ...base, proven: 'unknown', detail, again: true }
  }
}

function unreadable(error: unknown): false {
  if (error instanceof AutenticoUnavailable) return false
  throw error
}

async function updates({ autentico, order, now }: ActionContext): Promise<number> {
  const at = now().getTime()
  // Wide enough for two clocks that do not agree.
  const window = { since: new Date(at - dayMs), until: new Date(at + dayMs) }
  const events = await autentico.audit.ofAccount(order.target, window)
  return events.filter((one) => one.event === 'user_updated' && one.targetId === order.target.id).length
}

const dayMs = 86_400_000
