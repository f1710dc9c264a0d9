import { z } from 'zod'
import { readAnswer } from './answers.ts'
import type { Witness } from './token.ts'
import type { Transport } from './transport.ts'

/** What Autentico says of itself to everybody. */
export type Discovery = {
  /** `AUTENTICO_APP_URL` and the OAuth path, as Autentico is known to others. */
  readonly issuer: string
  /** Where the key set is, below the address that the bot uses. */
  readonly keySetPath: string
}

export type PublicDeps = {
  readonly transport: Transport
  readonly base: URL
  readonly oauthPath: string
  /** Told of every answer. */
  readonly record: Witness
  readonly now: () => Date
}

/** Asks without signing in. Throws the failures of a read. */
export async function readDiscovery(deps: PublicDeps): Promise<Discovery> {
  const answer = z.object({ issuer: z.url(), jwks_uri: z.url() })
  const path = `${deps.oauthPath}/.well-known/openid-configuration`
  const { issuer, jwks_uri } = await readPublic(deps, { path, call: 'GET the OpenID configuration', answer })
  return { issuer, keySetPath: pathBelow(deps.base, jwks_uri) }
}

/** One read of what everybody may see. */
export async function readPublic<T>(
  { transport, record, now }: PublicDeps,
  { path, call, answer }: { readonly path: string; readonly call: string; readonly answer: z.ZodType<T> },
): Promise<T> {
  const got = await transport.send({ method: 'GET', path, call, headers: {}, mayChange: false })
  record({ call, status: got.status, requestId: got.requestId })
  return readAnswer({ call, expect: 200, answer, mayChange: false, secrets: [], now }, got)
}

/** Autentico names its public address; the bot may reach it by another one, and with the same path in front. */
function pathBelow(base: URL, address: string): string {
  const prefix = base.pathname.replace(/\/+$/, '')
  const { pathname } = new URL(address)
  return prefix !== '' && pathname.startsWith(`${prefix}/`) ? pathname.slice(prefix.length) : pathname
}
