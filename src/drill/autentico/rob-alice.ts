import { type Mallory, steal } from './attacker.ts'
import type { LocalAutentico } from './local-autentico.ts'
import { deviceClientId, scriptClientId } from './seed.ts'

/** Mallory robs alice, whom the company is seeded with. Throws for an empty seed, and once her login does not work any more. */
export async function robAlice({ url, publicUrl, databaseFile, accounts, loot }: LocalAutentico): Promise<Mallory> {
  const alice = accounts['alice']
  if (alice === undefined || loot === undefined) throw new Error('the local Autentico has no alice to rob')
  return steal({
    url,
    publicUrl,
    databaseFile,
    account: { ...alice, username: 'alice' },
    ...loot,
    scriptClientId,
    deviceClientId,
  })
}
