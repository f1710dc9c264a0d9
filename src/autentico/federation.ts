import { z } from 'zod'
import type { AdminClient } from './client.ts'
import type { AutenticoDatabase } from './database.ts'
import { UnexpectedAnswer } from './failures.ts'
import { readAll } from './paging.ts'
import { path } from './paths.ts'

/**
 * Another identity provider that signs people in here. It skips password, lock-out and MFA, and an enabled one links itself to
 * every account whose verified address it claims to have.
 */
export type Provider = {
  readonly id: string
  readonly name: string
  readonly issuer: string
  readonly clientId: string
  readonly enabled: boolean
  /** Accounts linked to it; undefined without a database. */
  readonly linked: number | undefined
}

export type ProviderDisabled =
  | { readonly kind: 'disabled' }
  | { readonly kind: 'already' }
  /** A person has to do it. */
  | { readonly kind: 'by-hand'; readonly sentence: string }

export type Federation = {
  list(): Promise<readonly Provider[]>
  /**
   * Switches a provider off and reads it back. Through the database alone, because the API blanks the secret of a provider that is
   * changed without it, and shows it to nobody. Links stay, so that it can be switched on again. Safe to repeat.
   *
   * @throws AutenticoRejected 404 if there is no such provider; UnexpectedAnswer if it reads back as enabled.
   */
  disable(providerId: string): Promise<ProviderDisabled>
}

const provider = z
  .object({
    id: z.string().min(1),
    name: z.string(),
    issuer: z.string(),
    client_id: z.string(),
    enabled: z.boolean(),
  })
  .transform(({ client_id, ...row }) => ({ ...row, clientId: client_id }))

export function federationOf(client: AdminClient, database: AutenticoDatabase | undefined): Federation {
  async function isEnabled(providerId: string): Promise<boolean> {
    const to = path`/admin/api/federation/${providerId}`
    const found = await client.call({ method: 'GET', to, expect: 200, answer: provider })
    if (found.id !== providerId) {
      throw new UnexpectedAnswer('Autentico answered with another provider than the one asked for.')
    }
    return found.enabled
  }

  return {
    async list() {
      const query = { sort: 'name', order: 'asc' }
      const all = await readAll(client, { list: path`/admin/api/federation`, query, item: provider })
      const links = all.length === 0 ? undefined : await database?.everybody.providerLinks()
      return all.map((one) => ({ ...one, linked: database === undefined ? undefined : (links?.get(one.id) ?? 0) }))
    },

    async disable(providerId) {
      if (!(await isEnabled(providerId))) return { kind: 'already' }
      if (database === undefined) return { kind: 'by-hand', sentence: byHand }
      await database.everybody.disableProvider(providerId)
      if (await isEnabled(providerId)) {
        throw new UnexpectedAnswer(
          'The database has the provider as disabled, and Autentico still shows it as enabled.',
        )
      }
      return { kind: 'disabled' }
    },
  }
}

const byHand =
  "This worker has no database (AUTENTICO_DB_PATH), and the API would blank the provider's secret. Switch the provider off in Autentico's interface, with its secret at hand if it is to be used again."
