import type { ActionName } from '#/playbook/playbook.ts'
import type { ActionContext, Done, Proof } from '../action.ts'
import { actingOnWhole } from '../whole.ts'
import { count } from '../words.ts'

const name: ActionName = 'reset-everybodys-mfa'

type Seen = {
  readonly left: { readonly totp: number; readonly trustedDevices: number } | undefined
  readonly required: boolean
}

/** Clears the authenticator of everybody but the bot, and forgets every trusted device. */
export const resetEverybodysMfa = actingOnWhole<Seen>({
  name,
  async look({ autentico }) {
    const [left, settings] = await Promise.all([autentico.clearEverybody.left(), autentico.settings.read()])
    return { left, required: settings.get('require_mfa') === 'true' }
  },
  effect: ({ left, required }) => ({
    sentence:
      left === undefined
        ? 'unset the authenticator of every user but the bot. Their secrets and the trusted devices stay: this worker cannot reach the database.'
        : `clear the authenticators of ${count(left.totp, 'user')} and their secrets, and forget ${count(left.trustedDevices, 'trusted device')}. The bot keeps its own.`,
    question: 'Clear everybody’s authenticator? This cannot be undone: everybody who has one enrols a new one.',
    verb: 'Clear them',
    warnings: [
      ...(required
        ? []
        : [
            'This Autentico does not require MFA: afterwards everybody signs in with the password alone until they enrol, or MFA is required.',
          ]),
      'The bot’s own authenticator has to be enrolled anew by hand.',
    ],
    basis: { database: left !== undefined, mfaRequired: required },
  }),
  async execute(ctx) {
    const cleared = await clearedTotp(ctx)
    const forgotten = await forgottenDevices(ctx)
    const done: Done = {
      did: [
        `Cleared the authenticators of ${count(cleared, 'user')}.`,
        ...(forgotten === undefined ? [] : [`Forgot ${count(forgotten, 'trusted device')}.`]),
      ],
      prove: async () => [await isCleared(ctx)],
    }
    return done
  },
  again: async (ctx) => [await isCleared(ctx)],
})

async function clearedTotp({ autentico, progress }: ActionContext): Promise<number> {
  let cleared = 0
  for await (const so of autentico.clearEverybody.totp()) {
    cleared = so.cleared
    progress.tell({ done: so.looked, total: so.of, failed: 0 })
    await progress.fence()
  }
  return cleared
}

async function forgottenDevices({ autentico, progress }: ActionContext): Promise<number | undefined> {
  const { trustedDevices } = autentico.clearEverybody
  if (trustedDevices === undefined) return undefined
  let forgotten = 0
  for await (const so of trustedDevices()) {
    forgotten = so.forgotten
    await progress.fence()
  }
  return forgotten
}

/** Whoever enrols a new one after this is as it should be, so this is read right afterwards and says what is left. */
async function isCleared({ autentico, order }: ActionContext): Promise<Proof> {
  const left = await autentico.clearEverybody.left()
  const base = { action: name, name: 'everybodys-mfa-cleared' }
  if (left === undefined) {
    const detail = 'The secrets and the trusted devices cannot be read on this worker (no `AUTENTICO_DB_PATH`).'
    return { ...base, proven: 'unknown', detail }
  }
  const isNew = order.again !== undefined
  const detail =
    left.totp + left.trustedDevices === 0
      ? 'No authenticator: no secret of one is left but the bot’s, and no trusted device.'
      : `${count(left.totp, 'authenticator')} and ${count(left.trustedDevices, 'trusted device')} are there${isNew ? ', enrolled since' : ''}.`
  // In a sweep, new ones are what people were told to make.
  return { ...base, proven: isNew || left.totp + left.trustedDevices === 0, detail }
}
