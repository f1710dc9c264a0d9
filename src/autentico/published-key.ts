import { z } from 'zod'
import { type PublicDeps, readDiscovery, readPublic } from './discovery.ts'
import { modulusFingerprint, shortFingerprint } from './signing-key.ts'

/** The key that Autentico signs with now, as it publishes it. There is always exactly one. */
export type PublishedKey = {
  /** `AUTENTICO_JWK_CERT_KEY_ID`: what the services that check tokens cache the key by. */
  readonly keyId: string
  /** As `modulusFingerprint` gives it. */
  readonly fingerprint: string
}

/** Reads the key set where the OpenID configuration says it is. Throws the failures of a read. */
export async function readPublishedKey(deps: PublicDeps): Promise<PublishedKey> {
  const { keySetPath } = await readDiscovery(deps)
  const answer = z.object({ keys: z.array(rsaKey).length(1) })
  const { keys } = await readPublic(deps, { path: keySetPath, call: 'GET the key set', answer })
  const [key] = keys
  if (key === undefined) throw new Error('An array of one is empty.')
  return { keyId: key.kid, fingerprint: modulusFingerprint(Buffer.from(key.n, 'base64url')) }
}

const rsaKey = z.object({ kty: z.literal('RSA'), kid: z.string(), n: z.base64url().min(1) })

/** Which key is in use, compared with the one that was configured and the one before it. */
export type KeyInUse = {
  /** `neither`: the configured one could not be read, and Autentico made a throw-away key in its place. */
  readonly kind: 'configured' | 'old' | 'neither'
  readonly sentence: string
}

/** @param configured,old Fingerprints. That the published key is another than before proves nothing: a throw-away one is too. */
export function keyInUse(
  published: PublishedKey,
  { configured, old }: { readonly configured: string; readonly old?: string | undefined },
): KeyInUse {
  const is = shortFingerprint(published.fingerprint)
  if (published.fingerprint === configured) {
    return { kind: 'configured', sentence: `Autentico signs with the key that was configured (fingerprint ${is}).` }
  }
  const wanted = shortFingerprint(configured)
  if (published.fingerprint === old) {
    return {
      kind: 'old',
      sentence: `Autentico still signs with the old key (fingerprint ${is}), not with the configured one (${wanted}). It was not restarted, or takes AUTENTICO_PRIVATE_KEY from its unit or compose file, which wins over the environment file.`,
    }
  }
  return {
    kind: 'neither',
    sentence: `Autentico signs with a key that nobody configured (fingerprint ${is}; configured: ${wanted}): it could not read AUTENTICO_PRIVATE_KEY and made a throw-away key, which the next restart replaces. It must be base64 of a PKCS#1 PEM.`,
  }
}
