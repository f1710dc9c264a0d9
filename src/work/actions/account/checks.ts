import { AutenticoUnavailable } from '#/autentico/failures.ts'
import type { Check as Read } from '#/autentico/proof.ts'
import type { ActionName } from '#/playbook/playbook.ts'
import type { ActionContext, Proof } from '../action.ts'

/** The read-backs for the account of an order, each marked with the action whose promise it tests. */
export type OrderProofs = {
  /** Nobody is signed in: sessions, single sign-on sessions and tokens. */
  revoked(): Promise<readonly Proof[]>
  /** No authenticator, no secret of one, no half-finished login and no device that skips MFA. */
  mfaCleared(): Promise<readonly Proof[]>
  /** No passkey, code, link, trusted device or linked account. */
  doorsClosed(): Promise<readonly Proof[]>
  suspended(): Promise<Proof>
  /** Autentico shows the account again. */
  active(): Promise<Proof>
}

export function proofs(
  { autentico, order }: Pick<ActionContext, 'autentico' | 'order'>,
  action: ActionName,
): OrderProofs {
  const { target } = order
  const of = (checks: readonly Read[]): readonly Proof[] => checks.map((check) => ({ ...check, action }))
  const onlyDoors = async (): Promise<readonly Read[]> =>
    autentico.proofs.doorsClosed(target.id, { includeFederated: true })

  return {
    revoked: async () => of(await autentico.proofs.revoked(target)),

    async mfaCleared() {
      const cleared = await autentico.proofs.mfaCleared(target.id)
      const devices = (await onlyDoors()).filter((check) => check.name === 'no-trusted-devices')
      const suspended = cleared.some((check) => check.name === 'mfa-cleared' && check.proven === 'unknown')
      const read = suspended ? await throughDatabase(autentico, target.id, cleared) : cleared
      return of(named(autentico, [...read, ...devices]))
    },

    doorsClosed: async () => of(named(autentico, await onlyDoors())),

    suspended: async () => ({ ...(await autentico.proofs.suspended(target)), action }),

    async active() {
      const shown = await autentico.users.read(target.id).then((account) => account !== undefined, unavailable)
      if (shown === undefined)
        return { action, name: 'active', proven: 'unknown', detail: 'Autentico did not answer.', again: true }
      const detail = shown
        ? `Autentico shows ${target.username} as active.`
        : `Autentico does not show ${target.username}.`
      return { action, name: 'active', proven: shown, detail }
    },
  }
}

function unavailable(error: unknown): undefined {
  if (error instanceof AutenticoUnavailable) return undefined
  throw error
}

/** Without the database, each check says what it is that cannot be read. */
function named({ database }: ActionContext['autentico'], checks: readonly Read[]): readonly Read[] {
  if (database !== undefined) return checks
  return checks.map((check) => ({ ...check, detail: unreadable[check.name] ?? check.detail }))
}

/** The admin API does not show a suspended account; the database does. */
async function throughDatabase(
  { database }: ActionContext['autentico'],
  id: string,
  cleared: readonly Read[],
): Promise<readonly Read[]> {
  const doors = await database?.doors(id)
  if (doors === undefined) return cleared
  const detail = doors.totpVerified
    ? 'TOTP still counts as verified.'
    : 'No authenticator: TOTP no longer counts as verified (read from the database).'
  return cleared.map((check) =>
    check.name === 'mfa-cleared' ? { ...check, proven: !doors.totpVerified, detail } : check,
  )
}

const without = 'cannot be read on this worker (no `AUTENTICO_DB_PATH`).'

const unreadable: Readonly<Record<string, string>> = {
  'no-passkeys': `The passkeys ${without}`,
  'no-trusted-devices': `The trusted devices ${without}`,
  'no-pending-mfa': `Half-finished logins ${without}`,
  'no-totp-secret': `The secret of the authenticator ${without}`,
  'no-self-linking-provider': `Providers that link themselves ${without}`,
  'no-pending-logins': `Pending codes and links ${without}`,
  'no-federated-identities': `The linked accounts ${without}`,
}
