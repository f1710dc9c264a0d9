import { createPublicKey, verify } from 'node:crypto'
import { z } from 'zod'
import { claim, readClaims } from './jwt.ts'

const keySet = z.object({
  keys: z.array(z.object({ kid: z.string(), kty: z.literal('RSA'), n: z.string(), e: z.string() })),
})
const header = z.object({ alg: z.string(), kid: z.string() })

/**
 * What a service does that never asks Autentico about a token: it trusts whatever one of the published keys has signed, as long as it
 * has not expired. Resolves to why it turns a token away, or to undefined when it lets its bearer in.
 */
export async function askService(
  { url, publicUrl }: { readonly url: string; readonly publicUrl: string },
  token: string,
): Promise<string | undefined> {
  const response = await fetch(`${url}/oauth2/.well-known/jwks.json`)
  if (!response.ok) throw new Error(`the key set could not be read: ${response.status}`)
  const { keys } = keySet.parse(await response.json())
  const [first = '', second = '', signature = ''] = token.split('.')
  const { alg, kid } = header.parse(JSON.parse(Buffer.from(first, 'base64url').toString('utf8')))
  const key = keys.find((one) => one.kid === kid)
  if (key === undefined) return `no published key has the id ${kid}`
  const published = createPublicKey({ key: { kty: key.kty, n: key.n, e: key.e }, format: 'jwk' })
  const isSigned = verify('sha256', Buffer.from(`${first}.${second}`), published, Buffer.from(signature, 'base64url'))
  if (alg !== 'RS256' || !isSigned) return `the published key ${kid} did not sign it`
  const claims = readClaims(token)
  if (claim(claims, 'iss') !== `${publicUrl}/oauth2`) return 'another issuer'
  return Number(claims?.['exp']) * 1000 > Date.now() ? undefined : 'it has expired'
}
