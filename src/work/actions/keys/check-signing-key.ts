import { keyInUse } from '#/autentico/published-key.ts'
import { shortFingerprint } from '#/autentico/signing-key.ts'
import { reading } from '../reviews/reading.ts'
import { count } from '../words.ts'

/**
 * Shows that the new key is published under a new key id, and lists the services that may keep the old one: whoever caches keys by id
 * goes on trusting a stolen key until it looks again.
 */
export const checkKey = reading('check-signing-key', async ({ autentico, order }) => {
  const [published, clients] = await Promise.all([autentico.publishedKey(), autentico.clients.list()])
  const { keyFingerprint, keySeen, keyBefore, keyIdBefore } = order.params ?? {}
  const configured = keyFingerprint ?? keySeen
  const use = configured === undefined ? undefined : keyInUse(published, { configured, old: keyBefore })
  const caching = clients.filter(({ active, id }) => active && id !== 'autentico-admin' && id !== 'autentico-account')
  return {
    did: [
      `The key set has one key, with the id ${published.keyId} (fingerprint ${shortFingerprint(published.fingerprint)}).`,
      caching.length === 0
        ? 'No client besides Autentico’s own can have cached the old one.'
        : `${count(caching.length, 'client')} may have cached the old key: ${caching
            .slice(0, 15)
            .map(({ name, id }) => (name === '' ? id : name))
            .join(
              ', ',
            )}${caching.length > 15 ? ` and ${caching.length - 15} more` : ''}. Have their key caches emptied, or wait until they look again.`,
    ],
    gaps: [
      ...(use === undefined || use.kind === 'configured' ? [] : [use.sentence]),
      ...(keyIdBefore !== undefined && keyIdBefore === published.keyId
        ? [
            `The key id is still ${published.keyId}: change AUTENTICO_JWK_CERT_KEY_ID, or whoever caches keys by id keeps trusting the old one.`,
          ]
        : []),
    ],
  }
})
