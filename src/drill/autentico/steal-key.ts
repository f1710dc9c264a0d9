import { z } from 'zod'
import { readEnvironment } from './environment.ts'
import { signRs256 } from './jwt.ts'
import type { LocalAutentico } from './local-autentico.ts'
import { signedIn } from './signed-in.ts'
import { type Thief, thiefWith } from './thief.ts'
import { askService } from './trusting-service.ts'

type Server = Pick<LocalAutentico, 'url' | 'publicUrl' | 'accounts' | 'environmentFile'>

/** Whose tokens mallory has besides the key. */
const victim = 'user-001'

const keyIds = z.object({ keys: z.tuple([z.object({ kid: z.string() })]) })

/**
 * Reads the private key from the environment file, as whoever saw a backup of it may. Services that trust the published keys take what
 * it signs; and a login from before does not depend on it.
 */
export async function stealKey(autentico: Server): Promise<Thief> {
  const { url, publicUrl, accounts, environmentFile } = autentico
  const { privateKey, publicKey, ...rest } = readEnvironment(environmentFile, {})
  const before = await signedIn(autentico, victim)
  return thiefWith([
    {
      door: 'forged token at a service',
      async enter() {
        // Whoever forges takes the key id that is published now.
        const answer = await fetch(`${url}/oauth2/.well-known/jwks.json`)
        const [{ kid: keyId }] = keyIds.parse(await answer.json()).keys
        const now = Math.floor(Date.now() / 1000)
        const sub = accounts['admin']?.id ?? ''
        const claims = { iss: `${publicUrl}/oauth2`, sub, aud: ['portal'], scope: 'openid', iat: now, exp: now + 900 }
        return askService(autentico, signRs256(claims, { ...rest, publicKey, privateKey, keyId }))
      },
    },
    ...before,
  ])
}
