import { randomInt } from 'node:crypto'
import { Browser } from './browser.ts'
import { accountClientId, adminClientId } from './world.ts'

/** Mallory claims another address with every request, which is how an attack gets round Autentico's own limiter. */
export function disguise(): { readonly 'X-Forwarded-For': string } {
  return { 'X-Forwarded-For': anyAddress() }
}

/** A browser of mallory's, at the self-service or the admin interface. */
export function malloryAt(
  { url, publicUrl }: { readonly url: string; readonly publicUrl: string },
  where: 'account' | 'admin',
): Browser {
  return new Browser({
    url,
    clientId: where === 'account' ? accountClientId : adminClientId,
    redirectUri: `${publicUrl}/${where}/callback`,
    userAgent: 'mallory',
    address: anyAddress,
  })
}

function anyAddress(): string {
  return `203.0.113.${randomInt(1, 255)}`
}
