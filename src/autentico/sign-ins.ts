import { z } from 'zod'
import {
  awaitDeviceGrant,
  type DeviceClient,
  type DeviceGrant,
  type DeviceGrantDeps,
  type DeviceTokens,
  type GrantEnd,
  revokeTokens,
  startDeviceGrant,
  whyNoDeviceGrant,
} from './device-grant.ts'
import { type PublicDeps, readDiscovery, readPublic } from './discovery.ts'
import { isFailure, UnexpectedAnswer } from './failures.ts'
import { IdTokenNotAcceptable, readIdToken, type SignedIn } from './id-token.ts'
import { baseUrl, oauthPath as pathOf } from './server-address.ts'
import { defaultLimits, openTransport } from './transport.ts'

export type SignInOptions = {
  /** Autentico's base URL, the one that people know it by or another. */
  readonly url: string
  /** Default `/oauth2`, as in Autentico. */
  readonly oauthPath?: string
  readonly client: DeviceClient
  /** Told when tokens could not be taken back. They end by themselves. */
  readonly notRevoked: (error: Error) => void
  /** Told of a fault of our own, which ends one sign-in. */
  readonly broke: (error: unknown) => void
  readonly now?: () => Date
  /** Returns after `ms`, or as soon as it is aborted. */
  readonly pause?: (ms: number, signal: AbortSignal) => Promise<void>
}

/** A person is asked to sign in to Autentico with their own browser (RFC 8628), so that the bot learns who they are. */
export type SignIns = AsyncDisposable & {
  /**
   * Starts one. Throws the failures of `failures.ts` when Autentico does not answer, or does not let the client do this.
   */
  begin(): Promise<SignIn>
  /** Why none could be begun, as a sentence. Undefined: one could. Begins nothing. Throws likewise. */
  trouble(): Promise<string | undefined>
}

export type SignIn = {
  readonly userCode: string
  /** Where the person types the code, and the same with the code in it. Both are Autentico's own. */
  readonly link: string
  readonly linkWithCode: string
  readonly expiresAt: Date
  /** Never rejects. What Autentico gave has been taken back by then; nothing of a token is in it. */
  readonly ended: Promise<SignInEnd>
  /** Autentico is not asked about it any more; it ends as `aborted`. Autentico itself forgets the code when its time is over. */
  readonly cancel: () => void
}

export type SignInEnd =
  | { readonly kind: 'signed-in'; readonly who: SignedIn }
  /** `aborted`: it was cancelled, or this program ends. */
  | { readonly kind: 'denied' | 'expired' | 'aborted' }
  /** What came is not believed. `why` follows "the answer is not acceptable: ". */
  | { readonly kind: 'not-acceptable'; readonly why: string }
  /** Autentico could not be asked. */
  | { readonly kind: 'failed'; readonly sentence: string }

/** @throws Error naming AUTENTICO_URL or the OAuth path if either is unusable. */
export function openSignIns(options: SignInOptions): SignIns {
  const { client, notRevoked, broke, now = () => new Date(), pause = paused } = options
  const base = baseUrl(options.url)
  const oauthPath = pathOf(options.oauthPath ?? '/oauth2')
  const transport = openTransport(base, defaultLimits)
  const open: PublicDeps = { transport, base, oauthPath, record: () => undefined, now }
  const deps: DeviceGrantDeps = { transport, oauthPath, client, now, pause }
  const closing = new AbortController()
  const underWay = new Set<Promise<SignInEnd>>()

  async function finish(
    grant: DeviceGrant,
    { stopping, ...rules }: { readonly issuer: string; readonly askedAt: Date; readonly stopping: AbortSignal },
  ) {
    const end = await awaitDeviceGrant(deps, grant, stopping)
    if (end.kind !== 'tokens') return endWithoutTokens(end)
    try {
      return await read(end.tokens, rules)
    } finally {
      // The person was asked who they are, and for nothing else: no session is left behind.
      await revokeTokens(deps, end.tokens).catch((error: unknown) => {
        if (!isFailure(error)) throw error
        notRevoked(error)
      })
    }
  }

  async function read(
    { idToken, accessToken }: DeviceTokens,
    { issuer, askedAt }: { readonly issuer: string; readonly askedAt: Date },
  ): Promise<SignInEnd> {
    if (idToken === undefined) return { kind: 'not-acceptable', why: 'there is no ID token in it' }
    const clientId = client.clientId
    const keys = async () => readKeys(open)
    try {
      return {
        kind: 'signed-in',
        who: await readIdToken(idToken, { issuer, clientId, askedAt, now, accessToken, keys }),
      }
    } catch (error) {
      if (error instanceof IdTokenNotAcceptable) return { kind: 'not-acceptable', why: error.message }
      if (isFailure(error)) return { kind: 'failed', sentence: error.message }
      throw error
    }
  }

  return {
    async begin() {
      const askedAt = now()
      const { issuer } = await readDiscovery(open)
      const grant = await startDeviceGrant(deps)
      const { verificationUri, verificationUriComplete = verificationUri } = grant
      if (![verificationUri, verificationUriComplete].every((uri) => isOf(issuer, uri)))
        throw new UnexpectedAnswer('Autentico sends people to an address that is not its own, so nobody is sent there.')
      const cancelling = new AbortController()
      const stopping = AbortSignal.any([closing.signal, cancelling.signal])
      const ended = finish(grant, { issuer, askedAt, stopping }).catch((error: unknown): SignInEnd => {
        broke(error)
        return { kind: 'failed', sentence: 'The bot met a fault of its own; its log says more.' }
      })
      underWay.add(ended)
      void ended.then(() => underWay.delete(ended))
      const { userCode, expiresAt } = grant
      return {
        userCode,
        link: verificationUri,
        linkWithCode: verificationUriComplete,
        expiresAt,
        ended,
        cancel: () => cancelling.abort(),
      }
    },
    trouble: async () => whyNoDeviceGrant(deps),
    async [Symbol.asyncDispose]() {
      closing.abort()
      await Promise.all(underWay)
      await transport[Symbol.asyncDispose]()
    },
  }
}

function endWithoutTokens(end: Exclude<GrantEnd, { kind: 'tokens' }>): SignInEnd {
  return end.kind === 'failed' ? { kind: 'failed', sentence: end.sentence } : { kind: end.kind }
}

const rsaKey = z.object({ kty: z.literal('RSA'), kid: z.string(), n: z.base64url(), e: z.base64url() })

async function readKeys(open: PublicDeps) {
  const { keySetPath } = await readDiscovery(open)
  const answer = z.object({ keys: z.array(rsaKey) })
  return readPublic(open, { path: keySetPath, call: 'GET the key set', answer })
}

function isOf(issuer: string, uri: string): boolean {
  return new URL(uri).origin === new URL(issuer).origin
}

async function paused(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  await new Promise<void>((resolve) => {
    const done = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done)
  })
}
