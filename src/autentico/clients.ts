import { z } from 'zod'
import { noBody } from './answers.ts'
import type { AdminClient } from './client.ts'
import type { AutenticoDatabase } from './database.ts'
import type { Discovery } from './discovery.ts'
import { NotSent, UnexpectedAnswer } from './failures.ts'
import { readAll } from './paging.ts'
import { path } from './paths.ts'
import { type RedFlag, redFlags } from './red-flags.ts'
import type { Client } from './registered-client.ts'

export type ReviewedClient = {
  readonly client: Client
  /** Empty: nothing about it is out of the ordinary. */
  readonly flags: readonly RedFlag[]
  /** As Autentico wrote them; undefined without a database. */
  readonly createdAt: string | undefined
  readonly changedAt: string | undefined
}

export type Clients = {
  /** Every client, disabled ones too, by id. */
  list(): Promise<readonly Client[]>
  /** Undefined if there is none of exactly this id. */
  read(clientId: string): Promise<Client | undefined>
  /** Every client with what a person should look at, the most flags first. `known`: ids that are expected. */
  review(options: { readonly known: readonly string[] }): Promise<readonly ReviewedClient[]>
  /**
   * Disables a client and reads it back. It cannot sign anybody in from then on; what it holds goes on: access tokens until they
   * end, refresh tokens until the sessions of their users are revoked. Its id stays taken. Safe to repeat.
   *
   * @throws NotSent for Autentico's own two clients and the bot's, without which nobody could administer Autentico any more;
   *   AutenticoRejected 404 if there is no such client.
   */
  disable(clientId: string): Promise<'disabled' | 'already'>
}

export const adminClientId = 'autentico-admin'
export const accountClientId = 'autentico-account'

const client = z
  .object({
    client_id: z.string().min(1),
    client_name: z.string(),
    client_type: z.string(),
    is_active: z.boolean(),
    redirect_uris: z.array(z.string()).nullish(),
    grant_types: z.array(z.string()).nullish(),
    scopes: z.string().nullish(),
    allowed_audiences: z.array(z.string()).nullish(),
    allow_self_signup: z.boolean().nullish(),
  })
  .transform(
    (row): Client => ({
      id: row.client_id,
      name: row.client_name,
      type: row.client_type,
      active: row.is_active,
      redirectUris: row.redirect_uris ?? [],
      grantTypes: row.grant_types ?? [],
      scopes: row.scopes ?? '',
      audiences: row.allowed_audiences ?? [],
      allowsSignup: row.allow_self_signup ?? undefined,
    }),
  )

export type ClientsDeps = {
  readonly client: AdminClient
  /** The client that the bot's own token was issued to. */
  readonly own: () => Promise<string | undefined>
  readonly discovery: () => Promise<Discovery>
  readonly database: AutenticoDatabase | undefined
}

export function clientsOf(deps: ClientsDeps): Clients {
  const { client: api } = deps

  const list: Clients['list'] = async () =>
    readAll(api, { list: path`/admin/api/clients`, query: { sort: 'client_id', order: 'asc' }, item: client })

  async function readExactly(clientId: string): Promise<Client> {
    const found = await api.call({
      method: 'GET',
      to: path`/admin/api/clients/${clientId}`,
      expect: 200,
      answer: client,
    })
    if (found.id !== clientId)
      throw new UnexpectedAnswer('Autentico answered with another client than the one asked for.')
    return found
  }

  return {
    list,

    read: async (clientId) => (await list()).find((one) => one.id === clientId),

    async review({ known }) {
      const [all, own, { issuer }, dates] = await Promise.all([
        list(),
        deps.own(),
        deps.discovery(),
        deps.database?.everybody.clientDates(),
      ])
      return all
        .map((one) => ({
          client: one,
          flags: redFlags(one, { known, own, issuer }),
          createdAt: dates?.get(one.id)?.createdAt,
          changedAt: dates?.get(one.id)?.changedAt,
        }))
        .toSorted((a, b) => b.flags.length - a.flags.length || (a.client.id < b.client.id ? -1 : 1))
    },

    async disable(clientId) {
      if (clientId === adminClientId || clientId === accountClientId) {
        throw new NotSent(
          `${clientId} is Autentico's own: without it nobody gets into its interface. It is not disabled.`,
        )
      }
      const own = await deps.own()
      if (own === undefined || own === clientId) {
        throw new NotSent('That may be the client the bot signs in through: disabling it would lock the bot out.')
      }
      if (!(await readExactly(clientId)).active) return 'already'
      await api.call({ method: 'DELETE', to: path`/admin/api/clients/${clientId}`, expect: 204, answer: noBody })
      if ((await readExactly(clientId)).active) {
        throw new UnexpectedAnswer('Autentico accepted that the client is disabled and still shows it as active.')
      }
      return 'disabled'
    },
  }
}
